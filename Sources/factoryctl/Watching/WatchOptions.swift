import Arguments
import FactoryProtocol
import Terminal

/// How a build is shown while it is watched.
enum WatchOptions {
    static let progress = Option.value(
        "progress", "MODE", help: "How to show it; auto is tty at a terminal and plain elsewhere.",
        accepts: .choice(["auto", "tty", "plain", "json", "quiet"]), default: "auto", environment: "FACTORY_PROGRESS")
    static let cancelOnInterrupt = Option.flag(
        "cancel-on-interrupt", help: "Ctrl-C and SIGTERM cancel the build; a second one only leaves.")

    static let logs = Option.flag(
        "logs", help: "In plain output, print also what the tools say; 'factoryctl logs' has it in any case.")

    static let all = [progress, logs, cancelOnInterrupt]

    /// A way of showing.
    enum Mode: String {
        case tty
        case plain
        case json
        case quiet
    }

    /// The mode that the user asked for, or that fits what else is printed: after JSON comes JSON, and after an id alone
    /// only the last line.
    ///
    /// - Parameters:
    ///   - invocation: What was given.
    ///   - form: How the command prints what is not watched.
    ///   - isInteractive: Whether the output is a terminal.
    /// - Returns: The way of showing.
    static func mode(_ invocation: Invocation, form: ListForm, isInteractive: Bool) -> Mode {
        let asked = invocation.value(progress).flatMap(Mode.init)
        if let asked, invocation.origin(progress) == .commandLine { return asked }
        switch form {
        case .json: return .json
        case .ids: return .quiet
        case .table: return asked ?? (isInteractive ? .tty : .plain)
        }
    }
}
