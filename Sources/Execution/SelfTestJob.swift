import Crypto
import FactoryProtocol
package import FactorySpec
import Glibc
import IO
import Processes

/// A short real job: child processes that print lines, a file that is written, hashed and delivered; then, if asked for,
/// a failure. It shows that the way from claim to verdict works, on a worker or in a test.
package enum SelfTestJob {
    private static let mebibyte = 1 << 20

    /// Runs it.
    package static func run(_ work: SelfTest, in context: JobContext) async throws {
        if let megabytes = work.scratchMegabytes { try mount(megabytes: megabytes, at: context.work) }
        defer {
            // Where the job has its mounts for itself they end with it anyway; by hand it has not.
            if work.scratchMegabytes != nil { umount2(context.work, Int32(MNT_DETACH)) }
        }
        try await context.report.step("children", "Running child processes for \(work.seconds) s") { step in
            try await children(work, step)
        }
        try await context.report.step("file", "Writing and hashing \(work.megabytes) MiB") { step in
            try await file(work, context, step)
        }
        guard let word = work.failure else { return }
        try await context.report.step("failure", "Failing as asked") { _ in
            throw JobFailure(
                Failure.Cause(rawValue: word) ?? .internal, "self-test",
                "The self test failed because it was asked to (\(word))",
                excerpt: ["self-test: failing as asked", "self-test: cause \(word)"], exitStatus: "exit status 1")
        }
    }

    private static func mount(megabytes: Int, at path: String) throws {
        guard Glibc.mount("scratch", path, "tmpfs", UInt(MS_NOSUID | MS_NODEV), "size=\(megabytes)m") == 0 else {
            throw JobFailure(.worker, "mount-refused", IOError(system: errno, "mount a tmpfs at", path).message)
        }
    }

    /// One child a second, each printing its lines, as a build runs many short tools.
    private static func children(_ work: SelfTest, _ step: StepReport) async throws {
        var printed: Int64 = 0
        let total = Int64(work.seconds) * Int64(work.linesPerSecond)
        for second in 0..<work.seconds {
            let first = second * work.linesPerSecond + 1
            var script =
                "i=\(first); while [ $i -lt \(first + work.linesPerSecond) ]; do echo \"line $i\"; i=$((i+1)); done"
            script += "; exec sleep 1"
            try await Command("/bin/sh", ["-c", script]).runSuccessfully(until: .in(.seconds(60))) { line in
                step.log(line.text)
                printed += 1
                step.progress(done: printed, total: total, unit: .lines)
            }
        }
    }

    private static func file(_ work: SelfTest, _ context: JobContext, _ step: StepReport) async throws {
        let name = "self-test.bin"
        let path = "\(context.out)/\(name)"
        let isStopped = Locked(false)
        let hash = try await withTaskCancellationHandler {
            try await OwnThread.run("self-test") { () throws(IOError) in
                try write(megabytes: work.megabytes, to: path) { (done) throws(IOError) in
                    guard !isStopped.withLock({ $0 }) else { throw IOError(.cancelled, "the job is being ended") }
                    step.progress(done: Int64(done * mebibyte), total: Int64(work.megabytes * mebibyte), unit: .bytes)
                }
            }
        } onCancel: {
            isStopped.withLock { $0 = true }
        }
        let again = try await SHA256.hash(file: path)
        guard again == hash else {
            throw JobFailure(
                .worker, "self-test-corrupt",
                "\(path) reads back as \(Digest(hash: again)), but \(Digest(hash: hash)) was written")
        }
        // A worker can be tried without a store, too.
        guard work.megabytes > 0 else { return }
        context.report.artifact(
            Artifact(
                name: name, role: Artifact.Role(rawValue: "self-test"), digest: Digest(hash: hash),
                size: Int64(work.megabytes * mebibyte), mediaType: "application/octet-stream"))
    }

    /// Writes bytes that do not compress and are the same every time, and returns their hash.
    private static func write(
        megabytes: Int, to path: String, _ written: (Int) throws(IOError) -> Void
    ) throws(IOError) -> [UInt8] {
        let file = try FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        var hash = SHA256()
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        for megabyte in 0..<megabytes {
            let bytes = [UInt8](unsafeUninitializedCapacity: mebibyte) { buffer, count in
                // xorshift64 (Marsaglia 2003): fast, and no two blocks are alike.
                for index in stride(from: 0, to: mebibyte, by: 8) {
                    state ^= state << 13
                    state ^= state >> 7
                    state ^= state << 17
                    UnsafeMutableRawBufferPointer(buffer).storeBytes(of: state, toByteOffset: index, as: UInt64.self)
                }
                count = mebibyte
            }
            try FileIO.write(bytes, to: file)
            hash.update(bytes)
            try written(megabyte + 1)
        }
        return hash.finish()
    }
}
