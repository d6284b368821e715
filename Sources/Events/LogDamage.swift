/// The end of a log that could not be read, and was set aside.
package struct LogDamage: Sendable, Equatable {
    /// The file that has it now.
    package let setAside: String
    /// What was found, and where.
    package let reason: String
}
