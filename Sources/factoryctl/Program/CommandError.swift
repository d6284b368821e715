/// A command that cannot do what it was asked, with what to do about it.
struct CommandError: Error, Sendable {
    /// What the program ends with.
    let status: ExitStatus
    /// What is wrong: a sentence without a full stop.
    let message: String
    /// What to do: a command or a sentence.
    let hint: String?

    init(_ status: ExitStatus, _ message: String, hint: String? = nil) {
        self.status = status
        self.message = message
        self.hint = hint
    }
}
