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
    ///
    /// - Parameter width: The columns of the terminal; 80 where there is none.
    /// - Returns: the lines, with the place of each problem.
    func lines(width: Int?) -> [Painted] {
        let count = problems.count
        let summary = "\(Human.count(count, "problem")) in \(source.name); nothing was submitted"
        return problems.flatMap { block($0, width: max(20, width ?? 80)) } + [Painted(summary, .bold)]
    }

    private func block(_ problem: Problem, width: Int) -> [Painted] {
        let place = [
            source.name, problem.line.map(String.init), problem.line == nil ? nil : problem.column.map(String.init),
        ]
        .compactMap(\.self).joined(separator: ":")
        let path = problem.shownPath.map { "\($0): " } ?? ""
        let head =
            Painted("\(place): ", .bold) + Painted(path, .cyan) + Painted(Neutralized.text(problem.message))
            + Painted(" [\(problem.code)]", .dim)
        guard let number = problem.line, let text = source.line(number) else {
            return [head] + (problem.suggestion.map { [Painted("    try: \(Neutralized.text($0))", .green)] } ?? [])
        }
        let gutter = Painted("\(String(number).rightAligned(to: 5)) | ", .dim)
        let blank = Painted(String(repeating: " ", count: gutter.columns - 2) + "| ", .dim)
        let excerpt = SourceExcerpt(text, column: problem.column ?? 1, width: width - gutter.columns)
        let mark = blank + Painted(String(repeating: " ", count: excerpt.mark) + "^", .red)
        let hint = problem.suggestion.map { Painted(" try: \(Neutralized.text($0))", .green) }
        let lines = [head, gutter + Painted(excerpt.text)]
        guard let hint, mark.columns + hint.columns > width else { return lines + [mark + (hint ?? Painted(""))] }
        return lines + [mark, blank + hint]
    }
}
