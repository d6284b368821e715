import Arguments

/// One command: what it is called and accepts, and what it does.
protocol Subcommand {
    /// What it is called and accepts.
    static var description: CommandDescription { get }
    /// Does it.
    static func run(_ call: Call) async throws -> ExitStatus
}
