import CLinux
import Glibc

/// How a process ended.
package enum ProcessStatus: Sendable, Hashable, CustomStringConvertible {
    /// It returned from `main` or called `exit` with this status, 0...255.
    case exited(Int32)
    /// A signal of this number ended it.
    case signalled(Int32)

    /// True for exit status 0 only.
    package var isSuccess: Bool { self == .exited(0) }

    /// Whether a signal ended it, which comes from outside of the program: memory ran out, or somebody killed it.
    package var isSignal: Bool {
        if case .signalled = self { true } else { false }
    }

    /// The number a shell would show: the status, or 128 plus the signal (bash(1), "EXIT STATUS").
    package var shellCode: Int32 {
        switch self {
        case .exited(let status): status
        case .signalled(let signal): 128 + signal
        }
    }

    package var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .signalled(let signal): "signal \(signal) (\(Self.name(ofSignal: signal)))"
        }
    }

    private static func name(ofSignal signal: Int32) -> String {
        guard let text = strsignal(signal) else { return "unknown" }
        return String(cString: text)
    }
}
