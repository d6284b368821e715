import Arguments
import FactoryConversion
import FactoryProtocol
import FactorySpec
import JSON
import Terminal

/// `factoryctl plan`: what a description leads to. Needs no farm.
enum PlanCommand: Subcommand {
    static let steps = Option.flag("no-steps", help: "Only the jobs, without the steps of the conversion.")

    static let description = CommandDescription(
        "plan", "show what would be done, and do nothing",
        discussion: """
            Prints the jobs that follow from a description and the steps of the conversion: packages, files, services. \
            No farm is asked. The steps are known for distributions; what another image is, only its job can see.
            """,
        options: SpecOptions.all + [steps, CommonOptions.json], positionals: [SpecOptions.place],
        examples: [.init("factoryctl plan -f image.yaml", "The jobs and steps of a description")])

    static func run(_ call: Call) async throws -> ExitStatus {
        let input: SpecInput
        do {
            input = try await SpecInput.read(call.invocation)
        } catch let problems as SpecProblems {
            try await call.note(problems.lines(width: call.errorTraits.size?.width))
            return .usage
        }
        let plan = Planner.plan(input.spec)
        let conversion = call.invocation.flag(steps) ? nil : try conversion(input.spec, plan)
        if call.invocation.flag(CommonOptions.json) {
            try await call.print(Painted(json: try CanonicalJSON.text(Printed(plan: plan, conversion: conversion))))
        } else {
            // What the plan of the jobs warns of is not said again by the steps.
            var rest = conversion
            rest?.warnings.removeAll { warning in
                plan.warnings.contains { $0.code == warning.code && $0.message == warning.message }
            }
            let steps = (rest?.lines() ?? []).flatMap { fitted($0, to: call.width) }
            try await call.print(lines(plan, title: input.spec.title) + steps.map { Painted($0) })
        }
        return .success
    }

    private static func conversion(_ spec: BuildSpec, _ plan: Plan) throws -> ConversionPlan? {
        for job in plan.jobs {
            guard case .image(let work) = job.work, let system = BaseSystem.expected(of: work.base) else { continue }
            return try ConversionPlanner.plan(for: work, on: system)
        }
        return nil
    }

    /// The jobs for people.
    static func lines(_ plan: Plan, title: String) -> [Painted] {
        var lines = [Painted(title, .bold)]
        for job in plan.jobs {
            let after = job.needs.isEmpty ? "" : " after " + job.needs.joined(separator: ", ")
            lines.append(Painted("job \(job.name)", .bold) + Painted("\(after), on \(job.arch.rawValue)"))
            let time = Human.duration(.seconds(job.timeoutSeconds))
            lines.append(Painted("  at most \(time), \(job.maxAttempts) attempts; its worker needs", .dim))
            lines += wrapped(job.requirements.joined(separator: " ")).map { Painted("    " + $0, .dim) }
        }
        return lines + plan.warnings.flatMap { wrapped($0.message) }.map { Painted("! \($0)", .yellow) }
    }

    /// A line of the plan of the steps in lines of that width, the further ones with an indent of two more; as it is in a
    /// pipe. A word that is wider stays whole.
    static func fitted(_ line: String, to width: Int?) -> [String] {
        guard let width, line.columns > width else { return [line] }
        let indent = String(line.prefix { $0 == " " })
        var lines: [String] = []
        for word in line.split(separator: " ") {
            if let last = lines.last, last.columns + 1 + String(word).columns <= width {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(indent + (lines.isEmpty ? "" : "  ") + word)
            }
        }
        return lines
    }

    /// The words of a text in lines that fit, with an indent, into 80 columns.
    private static func wrapped(_ text: String) -> [String] {
        text.split(separator: " ").reduce(into: [String]()) { lines, word in
            if let last = lines.last, last.count + word.count < 74 {
                lines[lines.count - 1] = "\(last) \(word)"
            } else {
                lines.append(String(word))
            }
        }
    }

    private struct Printed: Encodable {
        let plan: Plan
        let conversion: ConversionPlan?
    }
}
