import CLinux
import Glibc

/// Bytes that nobody can guess, from the kernel (getrandom(2)).
package enum Randomness {
    /// That many random bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count {
                let got = getrandom(buffer.baseAddress?.advanced(by: initialized), count - initialized, 0)
                // After start-up the call fails only when a signal interrupts it, or on a kernel without it.
                precondition(got > 0 || errno == EINTR, "the kernel has no random bytes")
                initialized += max(0, got)
            }
        }
    }

    /// A secret as hexadecimal digits, for bearer tokens: 256 bits unless told otherwise.
    package static func token(bytes count: Int = 32) -> String {
        Hexadecimal.encode(bytes(count))
    }

    /// Whether two secrets are equal, in a time that does not tell where they differ.
    package static func areEqual(_ a: String, _ b: String) -> Bool {
        let (a, b) = (Array(a.utf8), Array(b.utf8))
        guard a.count == b.count else { return false }
        return zip(a, b).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
