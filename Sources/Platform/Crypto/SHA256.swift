import COpenSSL

/// SHA-256 (FIPS 180-4) by OpenSSL's EVP, which uses the processor's own instructions where there are some.
///
/// Feed it with `update`, end with `finish`. Use it from one task at a time.
package struct SHA256: ~Copyable, Sendable {
    /// The bytes of a hash.
    package static let byteCount = 32

    // Only this value has the pointer, and it cannot be copied; no OpenSSL call on it depends on the thread.
    nonisolated(unsafe) private let context: OpaquePointer?

    /// A hash of nothing yet.
    package init() {
        context = EVP_MD_CTX_new()
        let started = EVP_DigestInit_ex(context, EVP_sha256(), nil)
        precondition(started == 1, "OpenSSL without SHA-256, or no memory: nothing can be stored by digest")
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Adds bytes.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let updated = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(updated == 1, "EVP_DigestUpdate only fails on a finished hash")
    }

    /// Adds bytes.
    package mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The 32 bytes of the hash of all that was added.
    package consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            let finished = EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            precondition(finished == 1, "EVP_DigestFinal_ex only fails on a finished hash")
            count = Self.byteCount
        }
    }

    /// A copy that goes on from the same state: the hash so far can be had while more is to come.
    package borrowing func copy() -> SHA256 {
        let copy = SHA256()
        let copied = EVP_MD_CTX_copy_ex(copy.context, context)
        precondition(copied == 1, "EVP_MD_CTX_copy_ex only fails without memory")
        return copy
    }

    /// The hash of bytes at hand.
    package static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }

    /// The hash of bytes at hand as 64 lower-case hexadecimal digits.
    package static func hex(of bytes: [UInt8]) -> String {
        Hexadecimal.encode(hash(bytes))
    }

    /// The hash of a text's UTF-8 as 64 lower-case hexadecimal digits.
    package static func hex(of text: String) -> String {
        hex(of: Array(text.utf8))
    }
}
