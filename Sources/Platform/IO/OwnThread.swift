import CLinux
import Glibc

/// Runs what blocks (hashing, fsync of big files, libcurl, waitpid) on a thread of its own.
///
/// Swift's pool has one thread a core: one blocking call there stops everything else.
package enum OwnThread {
    /// Runs `body` on a new thread and returns what it returned or threw.
    ///
    /// Cancelling the task does not end `body`: give it a flag of its own where that matters.
    /// `name` is what ps and gdb call the thread, at most 15 bytes.
    package static func run<Success: Sendable, Failure: Error>(
        _ name: StaticString, _ body: @escaping @Sendable () throws(Failure) -> Success
    ) async throws(Failure) -> Success {
        let result: Result<Success, Failure> = await withCheckedContinuation { continuation in
            let work: @Sendable () -> Void = {
                do throws(Failure) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
            // Without a thread the work is still done, at the price of blocking a thread of the pool for once.
            if start(name, work) != 0 { work() }
        }
        return try result.get()
    }

    /// Starts a detached thread; returns 0, or the error number of pthread_create(3).
    static func start(_ name: StaticString, _ body: @escaping @Sendable () -> Void) -> Int32 {
        final class Box: Sendable {
            let name: StaticString
            let body: @Sendable () -> Void
            init(_ name: StaticString, _ body: @escaping @Sendable () -> Void) {
                self.name = name
                self.body = body
            }
        }
        let box = Unmanaged.passRetained(Box(name, body))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
                box.name.withUTF8Buffer { bytes in
                    bytes.withMemoryRebound(to: CChar.self) { linux_name_thread($0.baseAddress) }
                }
                box.body()
                return nil
            }, box.toOpaque())
        if failure == 0 { pthread_detach(thread) } else { box.release() }
        return failure
    }
}
