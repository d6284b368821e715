import Arguments
import Terminal

/// `factoryctl completion`: the script that completes this program's command lines.
enum CompletionCommand: Subcommand {
    static let shell = Positional("SHELL", help: "Which shell.", accepts: .choice(Shell.allCases.map(\.rawValue)))

    static let description = CommandDescription(
        "completion", "print a completion script for a shell", positionals: [shell],
        examples: [
            .init("factoryctl completion bash > /usr/share/bash-completion/completions/factoryctl", "For bash"),
            .init("factoryctl completion zsh > /usr/share/zsh/vendor-completions/_factoryctl", "For zsh"),
            .init("factoryctl completion fish > /usr/share/fish/vendor_completions.d/factoryctl.fish", "For fish"),
        ])

    static func run(_ call: Call) async throws -> ExitStatus {
        guard let shell = call.invocation.argument(shell).flatMap(Shell.init) else { return .usage }
        try await call.output.write(Program.description.completionScript(for: shell))
        return .success
    }
}
