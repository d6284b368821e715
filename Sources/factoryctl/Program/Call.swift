import Arguments
import FactoryClient
import FactoryProtocol
import Glibc
import IO
import Terminal

/// A command as it was called: what the user gave, and what is around the program.
struct Call: Sendable {
    /// What the user gave.
    let invocation: Invocation
    /// The environment variables.
    let environment: [String: String]
    /// What the standard output can do.
    let traits: TerminalTraits
    /// The standard output.
    let output: OutputQueue
    /// The standard error.
    let errors: OutputQueue

    /// Who this program says it is.
    static let hello = Hello(role: .client, name: "factoryctl", software: Software.named("factoryctl"))

    /// What the standard error can do.
    var errorTraits: TerminalTraits { TerminalTraits(descriptor: STDERR_FILENO, environment: environment) }

    var palette: Palette { Palette(isEnabled: traits.hasColor) }

    /// The width that tables keep to; none in a pipe.
    var width: Int? { traits.size?.width }

    /// What the user is told to type next.
    var next: NextCommand { NextCommand(invocation) }

    /// The farm that is meant.
    func endpoint() throws -> Endpoint { try FarmOptions.endpoint(invocation) }

    /// A connection to it.
    ///
    /// Never inlined: the optimizer of Swift 6.3.1 crashes while it splits the coroutines that it was inlined into.
    @inline(never)
    func connect() async throws -> FarmSession {
        try await FarmSession.open(try endpoint(), hello: Self.hello, until: .in(.seconds(10)))
    }

    /// Writes lines to the standard output. Never inlined, like ``connect()``.
    @inline(never)
    func print(_ lines: [Painted]) async throws {
        try await output.write(lines.map { $0.rendered(palette) + "\n" }.joined())
    }

    /// Writes a line of a tool to the standard output: as the tool wrote it, but harmless at a terminal. Never inlined,
    /// like ``connect()``.
    @inline(never)
    func print(log line: String) async throws {
        try await output.write((traits.isInteractive ? Neutralized.text(line) : line) + "\n")
    }

    /// Writes a line to the standard output.
    func print(_ line: Painted) async throws { try await print([line]) }

    /// Writes a line to the standard error, for what is not the result.
    func note(_ line: String) async throws { try await note([Painted(line)]) }

    /// Writes lines to the standard error. Never inlined, like ``connect()``.
    @inline(never)
    func note(_ lines: [Painted]) async throws {
        let palette = Palette(isEnabled: errorTraits.hasColor)
        try await errors.write(lines.map { $0.rendered(palette) + "\n" }.joined())
    }

    /// The build that is meant: the one of that id or of that beginning; the newest when none is given.
    func build(_ text: String?, _ session: FarmSession) async throws -> BuildID {
        guard let text else {
            let newest = try await session.request(ListBuilds(limit: 1), for: Builds.self).builds.first
            guard let newest else {
                throw CommandError(.usage, "there is no build yet", hint: next("submit --help"))
            }
            return newest.build
        }
        return try await session.resolve(BuildID(text.uppercased()))
    }
}
