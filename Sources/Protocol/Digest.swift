/// What bytes are called: `sha256:` and 64 lower-case hexadecimal digits (OCI image specification 1.1, "Digests").
package struct Digest: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 64 hexadecimal digits.
    package let hex: String

    /// Takes 64 lower-case hexadecimal digits; nil for anything else.
    package init?(sha256 hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(Digest.isHexadecimal) else { return nil }
        self.hex = hex
    }

    /// Parses `sha256:…`; nil when the text is anything else, another algorithm included.
    package init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(sha256: String(text.dropFirst(7)))
    }

    /// Makes the name of a hash that was just computed.
    package init(hash: [UInt8]) {
        precondition(hash.count == 32, "a SHA-256 hash has 32 bytes")
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package var description: String { "sha256:" + hex }

    /// The first twelve digits, for people.
    package var short: String { String(hex.prefix(12)) }

    package static func < (a: Digest, b: Digest) -> Bool { a.hex < b.hex }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
}

extension Digest: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"\(text)\" is no digest: sha256: and 64 hexadecimal digits")
        }
        self = digest
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
