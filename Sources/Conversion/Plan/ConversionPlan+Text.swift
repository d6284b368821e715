import FactoryProtocol
import FactorySpec

extension ConversionPlan {
    /// The plan for people, without line ends: phases, stages and steps in order, each with what it does.
    package func lines() -> [String] {
        var lines = [
            "conversion of \(system.name) into \(version), \(arch.rawValue) \(model.rawValue), components \(components)"
        ]
        for phase in phases {
            lines.append("phase \(phase.name.rawValue)")
            for stage in phase.stages {
                lines.append("  stage \(stage.name)")
                for step in stage.steps {
                    lines += Self.lines(of: step)
                }
            }
            lines.append("  layer \(phase.name.rawValue)")
        }
        lines += warnings.map { "warning: \($0.message)" }
        return lines
    }

    private static func lines(of step: ConversionStep) -> [String] {
        let head = "    \(step.id)  \(step.title)"
        if let skipped = step.skipped { return ["\(head)  (skipped: \(skipped))"] }
        return [head] + step.actions.flatMap { lines(of: $0) }.map { "      " + $0 }
    }

    private static func lines(of action: ConversionAction) -> [String] {
        switch action {
        case .write(let file):
            [
                "\(file.keepsExisting ? "write if missing" : "write") \(file.path) \(octal(file.mode)), "
                    + "\(file.text.utf8.count) bytes"
            ]
        case .directory(let path, let mode): ["directory \(path) \(octal(mode))"]
        case .link(let path, let target, _): ["link \(path) -> \(target)"]
        case .mode(let path, let mode): ["mode \(path) \(octal(mode))"]
        case .packages(let names): ["\(names.count) packages:"] + wrapped(names).map { "  " + $0 }
        case .requireKernel: ["make sure that there is a kernel"]
        case .component(let program):
            ["copy \(program.name) to \(program.path)" + (program.digest.map { " \($0)" } ?? "")]
        case .services(let enable, let mask):
            ["enable \(enable.joined(separator: " "))", "mask \(mask.joined(separator: " "))"]
        case .remove(let paths): ["remove:"] + wrapped(paths).map { "  " + $0 }
        case .truncate(let paths): ["empty \(paths.joined(separator: " "))"]
        case .release(let values): ["set \(values.count) keys in \(ReleaseFile.path)"]
        case .kernelLinks: ["link /boot/vmlinuz to the newest kernel"]
        case .drivers(let path, let names): ["write \(path) for the drivers \(names.joined(separator: " "))"]
        case .initrd: ["dracut /boot/initrd, \(DracutConfiguration.compressor)"]
        case .moduli(let bits): ["keep groups of at least \(bits) bits in /etc/ssh/moduli"]
        case .steadyFiles: ["leave out times and names of the build"]
        }
    }

    private static func octal(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Words in lines of at most 96 characters.
    private static func wrapped(_ words: [String]) -> [String] {
        var lines: [String] = []
        for word in words {
            if let last = lines.last, last.count + 1 + word.count <= 96 {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(word)
            }
        }
        return lines
    }
}
