import FactoryProtocol
import Terminal

extension JobState {
    /// The state in its colour.
    var painted: Painted {
        switch self {
        case .waiting, .ready: Painted(rawValue, .dim)
        case .leased, .running: Painted(rawValue, .cyan)
        case .succeeded: Painted(rawValue, .green)
        case .failed, .expired: Painted(rawValue, .red)
        case .cancelled: Painted(rawValue, .yellow)
        }
    }
}

extension BuildState {
    /// The state in its colour.
    var painted: Painted {
        switch self {
        case .queued: Painted(rawValue, .dim)
        case .running: Painted(rawValue, .cyan)
        case .succeeded: Painted(rawValue, .green)
        case .failed, .expired: Painted(rawValue, .red)
        case .cancelled: Painted(rawValue, .yellow)
        }
    }
}

extension WorkerSummary.State {
    /// The state in its colour.
    var painted: Painted {
        switch self {
        case .connected: Painted(rawValue, .green)
        case .draining: Painted(rawValue, .yellow)
        case .dead: Painted(rawValue, .red)
        case .disconnected: Painted(rawValue, .dim)
        }
    }
}
