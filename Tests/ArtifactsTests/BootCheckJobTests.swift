import Crypto
import FactoryArtifacts
import FactoryExecution
import FactoryProtocol
import FactorySpec
import IO
import JSON
import Processes
import TestSupport
import Testing

private let hasQEMU = ["qemu-system-x86_64", "xorriso"].allSatisfy { ToolFinder().find($0) != nil }

/// The job on real machines that are up, or not, after a second: a boot image of a few bytes writes the console.
@Suite(.enabled(if: hasQEMU, "needs qemu-system-x86_64 and xorriso"), .serialized, .timeLimit(.minutes(3)))
struct BootCheckJobTests {
    private func check(
        writing text: String?, then end: TinyISO.End = .halt, seconds: Int = 60
    ) async throws -> (job: RecordedJob, failure: Failure?) {
        let job = try RecordedJob()
        let path = job.folder.file("tiny.iso")
        try await TinyISO.make(path, in: job.folder, writing: text, then: end)
        let digest = Digest(hash: try await SHA256.hash(file: path))
        try FileIO.rename(path, to: job.folder.file("in/" + digest.hex))
        let iso = Artifact(name: "tiny.iso", role: .iso, digest: digest, size: 1, mediaType: "application/vnd.efi.iso")
        let work = BootCheckWork(arch: .amd64, firmwares: [.bios], memoryMiB: 64, timeoutSeconds: seconds)
        do {
            try await BootCheckJob.run(work, in: job.context(inputs: [iso]))
            return (job, nil)
        } catch let failure as JobFailure {
            return (job, failure.failure)
        }
    }

    private func results(of job: RecordedJob) -> [BootResult] {
        job.events.compactMap { if case .bootResult(let result) = $0 { result } else { nil } }
    }

    @Test func aPromptOnTheConsoleIsASystemThatIsUp() async throws {
        let (job, failure) = try await check(writing: "Linux version 6.1\r\n\r\nvm login: ")
        #expect(failure == nil)
        #expect(results(of: job).map(\.reason) == ["login-prompt"])
        #expect(job.artifacts.map(\.name) == ["boot-bios.log", "boot-check.json"])
        let log = try FileIO.readText(job.folder.file("out/boot-bios.log"), limit: 1 << 20)
        #expect(log.contains("Linux version 6.1\n"))
        let verdict = try StrictJSON.decode(
            BootVerdict.self, from: FileIO.read(job.folder.file("out/boot-check.json"), limit: 1 << 20))
        #expect(verdict.passed)
        #expect(verdict.boots == results(of: job))
    }

    @Test func aPanicIsNamedWithTheLinesThatFollowIt() async throws {
        let (job, failure) = try await check(
            writing: "Linux version 6.1\r\nKernel panic - not syncing: no init\r\nCall Trace:\r\n")
        #expect(failure?.code == "kernel-panic")
        #expect(failure?.cause == .spec)
        #expect(failure?.step == "boot-bios")
        #expect(failure?.excerpt.suffix(2) == ["Kernel panic - not syncing: no init", "Call Trace:"])
        #expect(results(of: job).map(\.passed) == [false])
        #expect(job.artifacts.map(\.name) == ["boot-bios.log", "boot-check.json"])
    }

    @Test func aMediumWithoutABootLoaderIsSaidToHaveNone() async throws {
        let (_, failure) = try await check(writing: nil)
        #expect(failure?.code == "no-bootloader")
    }

    @Test func aMachineThatResetsIsSaidToHaveStopped() async throws {
        let (_, failure) = try await check(writing: "Linux version 6.1\r\n", then: .reset)
        #expect(failure?.code == "machine-stopped")
    }

    @Test func aSilentMachineIsGivenUpInTime() async throws {
        let (job, failure) = try await check(writing: "Linux version 6.1\r\n", seconds: 5)
        #expect(failure?.code == "time-out")
        #expect(failure?.cause == .worker)
        #expect(failure?.message.contains("5 s") == true)
        #expect(results(of: job).first.map { $0.milliseconds >= 5000 && $0.milliseconds < 20000 } == true)
    }

    @Test func aCancelledCheckEndsItsMachine() async throws {
        let job = try RecordedJob()
        let path = job.folder.file("in/" + String(repeating: "0", count: 64))
        try await TinyISO.make(path, in: job.folder, writing: "Linux version 6.1\r\n")
        let iso = Artifact(
            name: "tiny.iso", role: .iso, digest: Digest(hash: [UInt8](repeating: 0, count: 32)), size: 1,
            mediaType: "application/vnd.efi.iso")
        let context = job.context(inputs: [iso])
        let work = BootCheckWork(arch: .amd64, firmwares: [.bios], memoryMiB: 64, timeoutSeconds: 60)
        let task = Task { try await BootCheckJob.run(work, in: context) }
        // Its first line shows that the machine runs.
        for await event in job.stream {
            if case .log(let line) = event, line.text.contains("SeaBIOS") { break }
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
