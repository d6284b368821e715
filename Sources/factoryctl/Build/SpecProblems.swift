import FactoryProtocol
import Terminal

/// Everything that is wrong with a description, shown with the lines it stands in.
struct SpecProblems: Error, Sendable {
    let problems: [Problem]
    let source: SpecSource

    /// One block a problem, then how many there are.
    ///
    ///     image.yaml:2:7: base: "distro:debian/bookwrm" …
    ///        2 | base: distro:debian/bookwrm
    ///          |       ^ try: distro:debian/bookworm
    var lines: [Painted] {
        let count = problems.count
        let summary = "\(Human.count(count, "problem")) in \(source.name); nothing was submitted"
        return problems.flatMap(block) + [Painted(summary, .bold)]
    }

    private func block(_ problem: Problem) -> [Painted] {
        let place = [
            source.name, problem.line.map(String.init), problem.line == nil ? nil : problem.column.map(String.init),
        ]
        .compactMap(\.self).joined(separator: ":")
        let path = problem.path.isEmpty ? "" : "\(problem.path): "
        let head =
            Painted("\(place): ", .bold) + Painted(path, .cyan) + Painted(Neutralized.text(problem.message))
            + Painted(" [\(problem.code)]", .dim)
        guard let number = problem.line, let text = source.line(number) else {
            return [head] + (problem.suggestion.map { [Painted("    try: \(Neutralized.text($0))", .green)] } ?? [])
        }
        let gutter = String(number).rightAligned(to: 5)
        // A tab takes the columns that it takes in the line above.
        let before = Neutralized.text(String(text.prefix(max(0, (problem.column ?? 1) - 1))))
        let hint = problem.suggestion.map { " try: \(Neutralized.text($0))" } ?? ""
        return [
            head, Painted("\(gutter) | ", .dim) + Painted(Neutralized.text(text)),
            Painted(String(repeating: " ", count: 5) + " | ", .dim)
                + Painted(String(repeating: " ", count: before.columns) + "^", .red) + Painted(hint, .green),
        ]
    }
}
