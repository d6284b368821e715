/// What the program's exit status says; scripts rely on these.
struct ExitStatus: RawRepresentable, Sendable, Hashable {
    let rawValue: Int32

    static let success = ExitStatus(rawValue: 0)
    /// The build failed, or what was asked for is not so.
    static let buildFailed = ExitStatus(rawValue: 1)
    /// The command line or the description is wrong.
    static let usage = ExitStatus(rawValue: 2)
    /// The build was cancelled.
    static let cancelled = ExitStatus(rawValue: 3)
    /// No attempt or no time is left.
    static let expired = ExitStatus(rawValue: 4)
    /// No worker can do it.
    static let noWorker = ExitStatus(rawValue: 5)
    /// The farm cannot be reached.
    static let connectionLost = ExitStatus(rawValue: 6)
    /// Worker or infrastructure failed until no attempt was left, or so that none would have helped.
    static let infrastructure = ExitStatus(rawValue: 7)

    /// The user ended the program, not the build; as a shell counts.
    static func signalled(_ signal: Int32) -> ExitStatus { ExitStatus(rawValue: 128 + signal) }
}
