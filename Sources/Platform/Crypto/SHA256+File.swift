import Glibc
import IO
import Synchronization

extension SHA256 {
    /// The hash of a file's content, computed on a thread of its own.
    ///
    /// - Throws: `.unreadable`, `.cancelled` within a few milliseconds of the task's cancellation.
    package static func hash(file path: String) async throws(CryptoError) -> [UInt8] {
        let stop = CancelFlag()
        let result = await withTaskCancellationHandler {
            await OwnThread.run("sha256") { () -> Result<[UInt8], CryptoError> in
                do throws(CryptoError) {
                    return .success(try hashNow(file: path) { stop.isSet })
                } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            stop.set()
        }
        return try result.get()
    }

    /// The hash of a file's content, computed on the calling thread, which it blocks.
    package static func hashNow(
        file path: String, stopWhen stop: () -> Bool = { false }
    ) throws(CryptoError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable("open", path) }
        defer { close(file) }
        // Only advice: the kernel reads further ahead.
        posix_fadvise(file, 0, 0, POSIX_FADV_SEQUENTIAL)
        var hash = SHA256()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            if stop() { throw CryptoError(.cancelled, "hashing \(path) was cancelled") }
            let count = read(file, buffer.baseAddress, buffer.count)
            if count > 0 {
                hash.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } else if count == 0 {
                return hash.finish()
            } else if errno != EINTR {
                throw unreadable("read", path)
            }
        }
    }

    private static func unreadable(_ operation: String, _ path: String) -> CryptoError {
        let number = errno
        return CryptoError(.unreadable, "\(operation) \(path): \(String(cString: strerror(number)))", errno: number)
    }
}

/// Tells the hashing thread that its task was cancelled.
private final class CancelFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .relaxed) }

    func set() {
        flag.store(true, ordering: .relaxed)
    }
}
