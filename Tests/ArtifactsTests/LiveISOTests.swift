import FactoryArtifacts
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes
import TestSupport
import Testing

private let isWanted = getenv("FACTORY_SLOW_TESTS") != nil && geteuid() == 0

/// The real thing: a Debian tree made into an ISO twice, looked into, and booted under both firmwares. Takes minutes,
/// needs root, the network and the tools; runs with FACTORY_SLOW_TESTS=1. FACTORY_TEST_TREE names a tree that is there
/// already, FACTORY_TEST_OUTPUT a folder (on the file system of /tmp) to leave the ISO in.
@Suite(.enabled(if: isWanted, "set FACTORY_SLOW_TESTS=1 and be root: builds and boots an ISO"))
struct LiveISOTests {
    @Test(.timeLimit(.minutes(40)))
    func theSameTreeGivesTheSameISOAndItBootsUnderBothFirmwares() async throws {
        let tree = try await LiveTree.make()
        let first = RecordedISO(job: try RecordedJob())
        let second = RecordedISO(job: try RecordedJob())
        let iso = try await first.make(of: tree)
        let again = try await second.make(of: tree)
        #expect(iso.digest == again.digest)
        if let kept = getenv("FACTORY_TEST_OUTPUT") {
            try FileIO.rename(
                second.job.folder.file("out/" + again.name), to: String(cString: kept) + "/" + again.name)
        }

        let sum = try FileIO.readText(first.job.folder.file("out/\(iso.name).sha256"), limit: 1000)
        #expect(sum == "\(iso.digest.hex)  \(iso.name)\n")
        try await expectBothBootImagesAndOneESP(first.job.folder.file("out/" + iso.name))

        let check = try RecordedJob()
        #expect(link(first.job.folder.file("out/" + iso.name), check.folder.file("in/" + iso.digest.hex)) == 0)
        try await BootCheckJob.run(
            BootCheckWork(arch: .amd64, firmwares: [.bios, .uefi]), in: check.context(inputs: [iso]))
        let results = check.events.compactMap { if case .bootResult(let result) = $0 { result } else { nil } }
        for result in results { print("boot check:", result) }
        #expect(results.map(\.passed) == [true, true])
        #expect(results.map(\.firmware).sorted() == ["bios", "uefi"])
        #expect(check.artifacts.map(\.name).sorted() == ["boot-bios.log", "boot-check.json", "boot-uefi.log"])
    }

    private func expectBothBootImagesAndOneESP(_ iso: String) async throws {
        let report = try await Command(
            "xorriso", ["-indev", iso, "-report_el_torito", "plain", "-report_system_area", "plain"]
        ).text()
        for words in [
            "El Torito boot img :   1  BIOS  y   none", "El Torito boot img :   2  UEFI  y   none",
            "El Torito img path :   1  /boot/eltorito.img", "boot-info-table grub2-boot-info",
            "grub2-mbr cyl-align-off GPT", "GPT partname local :   1  ISO9660", "GPT partname local :   2  Appended2",
            "28732ac11ff8d211ba4b00a0c93ec93b",
        ] {
            #expect(report.contains(words), "\(words)")
        }
    }
}

/// An ISO made in a recorded job.
private struct RecordedISO {
    let job: RecordedJob

    func make(of tree: ImageTree) async throws -> Artifact {
        let plan = try ISOPlan(.amd64, image: tree.facts(for: .amd64))
        let builder = ISOBuilder(
            plan: plan, tree: tree, work: job.folder.file("work"), output: job.folder.file("out"),
            time: 1_700_000_000, identity: Digest(hash: [UInt8](repeating: 7, count: 32)), report: job.context().report)
        let artifacts: [Artifact]
        do {
            artifacts = try await builder.run()
        } catch {
            for case .log(let line) in job.events { print("iso:", line.text) }
            throw error
        }
        for event in job.events {
            if case .stepFinished(let end) = event { print("iso:", end.step, end.milliseconds, "ms", end.note ?? "") }
        }
        return try #require(artifacts.first)
    }
}
