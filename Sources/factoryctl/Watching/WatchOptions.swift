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

    static let all = [progress, cancelOnInterrupt]

    /// A way of showing.
    enum Mode: String {
        case tty
        case plain
        case json
        case quiet
    }

    /// The mode that the user asked for, or that fits the output.
    static func mode(_ call: Call) -> Mode {
        if let mode = call.invocation.value(progress).flatMap(Mode.init) { return mode }
        return call.traits.isInteractive ? .tty : .plain
    }
}
