import FactoryEvents
package import FactoryProtocol
import FactoryQueue
import FactorySpec
import FactoryWire

/// Why a request was not done, as the peer is told it.
package struct FarmError: Error, Sendable, CustomStringConvertible {
    /// A stable name, in kebab case.
    package let code: String
    /// One sentence.
    package let message: String
    /// Every problem of a description.
    package let problems: [Problem]

    /// An error by its code and sentence.
    package init(_ code: String, _ message: String, problems: [Problem] = []) {
        (self.code, self.message, self.problems) = (code, message, problems)
    }

    /// The peer has no right to this.
    static func notAllowed(_ what: String) -> FarmError { FarmError("not-allowed", what) }

    /// What any error of the floors below is told as.
    init(_ error: any Error) {
        switch error {
        case let error as FarmError: self = error
        case let error as QueueError: self.init(error.code.rawValue, error.message)
        case let error as EventsError: self.init(error.code.rawValue, error.message)
        case let error as ProtocolError: self.init(error.code.rawValue, error.message)
        case let error as SpecError:
            let count = error.problems.count
            self.init(
                "bad-spec", "the description has \(count) problem\(count == 1 ? "" : "s")", problems: error.problems)
        default: self.init("internal", "\(error)")
        }
    }

    /// The message that carries it.
    ///
    /// Always small enough to be sent: a sentence may quote what a peer wrote, and a description may have any number of
    /// problems.
    var reply: ErrorReply {
        let few = problems.prefix(Self.mostProblems).map { problem in
            Problem(
                path: Self.shortened(problem.path), line: problem.line, column: problem.column, code: problem.code,
                message: Self.shortened(problem.message), suggestion: problem.suggestion.map(Self.shortened))
        }
        return ErrorReply(code: code, message: Self.shortened(message), problems: few)
    }

    /// So many problems are told at once.
    private static let mostProblems = 100

    /// JSON may write six bytes for one: three texts of a hundred problems stay below a frame.
    private static func shortened(_ text: String) -> String {
        text.utf8.count <= 500 ? text : String(text.unicodeScalars.prefix(300)) + "…"
    }

    package var description: String { message }
}
