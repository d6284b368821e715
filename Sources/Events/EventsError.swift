/// Why an event log cannot be opened, read or written.
package struct EventsError: Error, Sendable, CustomStringConvertible {
    /// A stable name.
    package struct Code: RawRepresentable, Sendable, Hashable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// A call of the operating system failed.
        package static let io = Code(rawValue: "event-log-io")
        /// The disk has no room; nothing of the batch counts as stored.
        package static let diskFull = Code(rawValue: "disk-full")
        /// A job's events came with numbers missing between.
        package static let gap = Code(rawValue: "event-gap")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
