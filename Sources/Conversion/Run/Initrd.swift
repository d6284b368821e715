import FactoryExecution
import FactoryImages
import FactoryProtocol
import IO
import Processes

/// Builds `/boot/initrd` by dracut in the tree.
struct Initrd: Sendable {
    let files: TreeFiles
    let runner: TreeRunner

    /// Longest time for one run; it takes some twelve seconds natively, minutes under emulation.
    private static let limit = Duration.seconds(30 * 60)

    /// Builds it for a kernel, in place of every other initrd.
    ///
    /// - Throws: `initrd-failed` when dracut fails, and when it says success without what a live system needs.
    func build(kernel: String, _ step: StepReport) async throws {
        for path in ["/boot/initrd*", "/boot/initramfs*"] { try files.remove(path) }
        // dracut prints the modules of a normal initrd, one a line; more or less show how far it is.
        let expected: Int64 = 46
        var output = DracutOutput()
        var words = RecentLines(40)
        let status = try await command(kernel).run(until: .in(Self.limit)) { line in
            let text = line.text
            step.log(text)
            words.add(text)
            if output.add(text) {
                step.progress(
                    done: output.modules, total: max(expected, output.modules), unit: .items, note: text)
            }
        }
        guard status.isSuccess else {
            throw JobFailure(
                status.isSignal ? .worker : .spec, status.isSignal ? "tool-killed" : "initrd-failed",
                "dracut for \(kernel): \(words.lines.last ?? "no output")", excerpt: words.lines,
                exitStatus: "\(status)")
        }
        // dracut ends with success after its installer failed.
        if let first = output.complaints.first {
            throw JobFailure(
                .spec, "initrd-incomplete", "dracut for \(kernel) left something out: \(first)",
                excerpt: output.complaints)
        }
        let missing = output.missing
        guard missing.isEmpty, try files.kind("/boot/initrd") == .file else {
            throw JobFailure(
                .spec, "initrd-incomplete",
                "the initrd of \(kernel) lacks the dracut modules \(missing.joined(separator: ", "))",
                excerpt: words.lines)
        }
        let size = try files.size("/boot/initrd") ?? 0
        step.note("\(kernel), \(output.modules) modules, \(size >> 20) MiB")
    }

    private func command(_ kernel: String) -> Command {
        // Debian's programs come stripped; looking again at every one of them takes dracut two seconds.
        runner.command("dracut", ["--force", "--reproducible", "--nostrip", "/boot/initrd", kernel])
    }
}
