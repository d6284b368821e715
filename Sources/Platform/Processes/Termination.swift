import Glibc

/// How a running program is brought to its end: asked first, killed when it does not listen.
///
/// Pure: it is told what happened and answers what to do; the one who runs the program keeps the time.
struct Termination: Sendable, Equatable {
    /// Why the program has to end.
    enum Reason: Sendable, Equatable {
        case cancelled
        case deadlinePassed
        case outputTooLarge
    }

    /// What the owner has to do now.
    enum Action: Sendable, Equatable {
        case nothing
        /// TERM to the process group, then `graceOver` after the grace.
        case ask
        /// KILL to the process group.
        case kill
    }

    private enum State: Equatable {
        case running
        case asked(Reason)
        case killed(Reason)
    }

    private var state = State.running

    /// The reason, once there is one; the first one stays.
    var reason: Reason? {
        switch state {
        case .running: nil
        case .asked(let reason), .killed(let reason): reason
        }
    }

    /// True between TERM and KILL.
    var isAsked: Bool {
        if case .asked = state { true } else { false }
    }

    /// It is no longer wanted.
    mutating func unwanted(_ reason: Reason) -> Action {
        guard state == .running else { return .nothing }
        state = .asked(reason)
        return .ask
    }

    /// The grace that began with `ask` is over.
    mutating func graceOver() -> Action {
        guard case .asked(let reason) = state else { return .nothing }
        state = .killed(reason)
        return .kill
    }

    /// The program itself has ended; its children may still be there, when it was told to end.
    mutating func leaderEnded() -> Action {
        switch state {
        case .running: return .nothing
        case .asked(let reason), .killed(let reason):
            state = .killed(reason)
            return .kill
        }
    }
}
