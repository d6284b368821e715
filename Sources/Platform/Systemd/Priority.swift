/// How urgent a log entry is: the levels of syslog(3), which the journal uses too.
package enum Priority: Int, Sendable, Comparable, CaseIterable {
    /// Something failed for good.
    case error = 3
    /// Something is wrong and the program helps itself.
    case warning = 4
    /// Worth reading in normal operation: start, stop, a worker came or went.
    case notice = 5
    /// What normal operation is made of.
    case info = 6
    /// For finding faults.
    case debug = 7

    /// The word in a line for people.
    package var word: String {
        switch self {
        case .error: "error"
        case .warning: "warning"
        case .notice: "notice"
        case .info: "info"
        case .debug: "debug"
        }
    }

    /// More urgent is less, as the numbers are.
    package static func < (one: Priority, other: Priority) -> Bool { one.rawValue < other.rawValue }
}
