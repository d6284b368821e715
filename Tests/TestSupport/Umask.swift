import Glibc
import IO

/// The umask of one thread. Masks are `UInt32`: that `mode_t` is Glibc's is seen by debug builds only.
package enum Umask {
    /// What programs are started with: everything open, the usual, private.
    package static let usual: [UInt32] = [0o000, 0o022, 0o077]

    /// Runs `body` under a umask on a thread that shares it with no other (unshare(2), CLONE_FS).
    package static func with<Value: Sendable>(
        _ mask: UInt32, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await OwnThread.run("umask") { () throws(any Error) in
            // Declared for _GNU_SOURCE only, which Swift's module of glibc is not made with.
            typealias Unshare = @convention(c) (Int32) -> Int32
            let cloneFS: Int32 = 0x200
            let function = dlsym(nil, "unshare").map { unsafeBitCast($0, to: Unshare.self) }
            guard let function, function(cloneFS) == 0 else { throw IOError(system: errno, "unshare", "CLONE_FS") }
            umask(mask)
            return try body()
        }
    }
}
