/// A configuration file that cannot be used.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    /// A stable name.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The file cannot be read.
        package static let unreadable = Code(rawValue: "configuration-unreadable")
        /// It is not YAML as we take it.
        package static let syntax = Code(rawValue: "configuration-syntax")
        /// A key that the program does not have.
        package static let unknownKey = Code(rawValue: "configuration-unknown-key")
        /// A value that is no text, number, truth value or list of them.
        package static let badValue = Code(rawValue: "configuration-bad-value")
    }

    package let code: Code
    package let message: String

    package var description: String { message }
}
