/// JSON writes a character beyond U+FFFF as two escapes (`\ud83d\ude00`, RFC 8259 section 7), which YAML does not
/// know: there it is one escape of eight digits. This turns the one into the other.
enum SurrogatePairs {
    /// The text with its pairs joined, as long as it reads like JSON; anything else is left as it is.
    ///
    /// Only escapes inside double quotes are touched, and only until the first sign that the text is not JSON (a
    /// single quote, a comment, a quote in the middle of a word), because there the same letters mean themselves.
    /// Columns behind a joined pair on its line are two less than in the file.
    static func joined(_ bytes: [UInt8]) -> [UInt8] {
        guard let first = bytes.first(where: { !isBlank($0) }), first == 0x7B || first == 0x5B else { return bytes }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var quoted = false
        var beforeQuote: UInt8 = 0x7B
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if quoted {
                if byte == 0x5C, let scalar = pair(bytes[index...]) {
                    result += Array("\\U".utf8) + hex(scalar)
                    index += 12
                    continue
                }
                if byte == 0x5C, index + 1 < bytes.count {
                    result += [byte, bytes[index + 1]]
                    index += 2
                    continue
                }
                if byte == 0x22 { quoted = false }
            } else {
                let opens = byte == 0x22 && [0x7B, 0x5B, 0x2C, 0x3A].contains(beforeQuote)
                if byte == 0x27 || byte == 0x23 || (byte == 0x22 && !opens) { return result + bytes[index...] }
                quoted = opens
            }
            if !quoted, !isBlank(byte) { beforeQuote = byte }
            result.append(byte)
            index += 1
        }
        return result
    }

    /// The scalar that `\uD8xx\uDCxx` at the start of `bytes` stands for.
    private static func pair(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard let high = escape(bytes), (0xD800..<0xDC00).contains(high),
            let low = escape(bytes.dropFirst(6)), (0xDC00..<0xE000).contains(low)
        else { return nil }
        return 0x10000 + (high - 0xD800) << 10 + (low - 0xDC00)
    }

    private static func escape(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        guard bytes.count >= 6, bytes.starts(with: [0x5C, 0x75]) else { return nil }
        let digits = bytes.dropFirst(2).prefix(4)
        // A sign would be taken by the initialiser, and is no digit.
        guard digits.first != 0x2B, digits.first != 0x2D else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    }

    private static func hex(_ scalar: UInt32) -> [UInt8] {
        let digits = Array(String(scalar, radix: 16).utf8)
        return [UInt8](repeating: 0x30, count: 8 - digits.count) + digits
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D }
}
