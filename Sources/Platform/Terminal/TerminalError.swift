/// Why output could not be written.
package struct TerminalError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of failure it is: a stable word.
    package struct Code: Sendable, Hashable {
        /// The word, in kebab case.
        package let rawValue: String

        /// Nobody reads any more: the pipe is closed. A program ends quietly on this.
        package static let closed = Code(rawValue: "output-closed")
        /// The output cannot be written, for example because the disk is full.
        package static let failed = Code(rawValue: "output-failed")
    }

    /// What kind of failure it is.
    package let code: Code
    /// What happened, in words.
    package let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
