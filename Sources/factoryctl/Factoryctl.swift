import Arguments
import Dispatch
import FactoryProtocol
import Glibc
import IO
import Terminal

/// The command line of the farm.
@main
struct Factoryctl {
    static func main() {
        ProcessStart.prepare("factoryctl")
        // A reader that leaves is an error of write(2), so that the last line can be left out quietly.
        signal(SIGPIPE, SIG_IGN)
        Task {
            let status = await run(Array(CommandLine.arguments.dropFirst()), environment: Environment.all())
            exit(status.rawValue)
        }
        dispatchMain()
    }

    private static func run(_ words: [String], environment: [String: String]) async -> ExitStatus {
        let errors = OutputQueue(.error)
        var next = NextCommand.plain
        do {
            let output = OutputQueue(.standard)
            let request = try Program.description.parse(words, version: Software.version, environment: environment)
            switch request {
            case .show(let text):
                try await output.write(text + "\n")
                return .success
            case .run(let invocation):
                next = NextCommand(invocation)
                guard let command = Program.command(invocation.path) else {
                    throw CommandError(
                        .usage, "'\(invocation.name)' does nothing by itself", hint: "\(invocation.name) --help")
                }
                let traits = TerminalTraits(descriptor: STDOUT_FILENO, environment: environment)
                return try await command.run(
                    Call(
                        invocation: invocation, environment: environment, traits: traits, output: output, errors: errors
                    ))
            }
        } catch {
            let failure = FailureText(error, next: next)
            let traits = TerminalTraits(descriptor: STDERR_FILENO, environment: environment)
            let palette = Palette(isEnabled: traits.hasColor)
            // When even the standard error is gone, the exit status is all that can be said.
            try? await errors.write(failure.lines.map { $0.rendered(palette) + "\n" }.joined())
            return failure.status
        }
    }
}
