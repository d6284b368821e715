package import FactoryProtocol

/// A description that cannot be built: every problem, not only the first.
package struct SpecError: Error, Sendable, Equatable, CustomStringConvertible {
    /// In the order of the file.
    package let problems: [Problem]

    package init(problems: [Problem]) { self.problems = problems }

    package var description: String {
        problems.map { problem in
            let place = [problem.line.map { "line \($0)" }, problem.shownPath]
                .compactMap(\.self).joined(separator: ", ")
            return (place.isEmpty ? "" : place + ": ") + problem.message
                + (problem.suggestion.map { " (try: \($0))" } ?? "")
        }.joined(separator: "\n")
    }
}
