package import FactoryProtocol

/// Ends a job: what went wrong, who is at fault, in the tool's own words.
package struct JobFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var failure: Failure

    package init(
        _ cause: Failure.Cause, _ code: String, _ message: String, step: String? = nil, excerpt: [String] = [],
        exitStatus: String? = nil
    ) {
        failure = Failure(
            cause: cause, code: code, message: message, step: step, excerpt: excerpt, exitStatus: exitStatus)
    }

    package init(_ failure: Failure) { self.failure = failure }

    package var description: String { failure.message }
}
