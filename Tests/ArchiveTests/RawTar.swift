/// A tar made byte by byte (POSIX.1-1988 ustar), to say what no honest writer says.
struct RawTar {
    private(set) var bytes: [UInt8] = []

    mutating func add(
        _ name: String, type: Character = "0", link: String = "", content: String = "", major: Int = 0, minor: Int = 0
    ) {
        add(name: Array(name.utf8), type: type, link: Array(link.utf8), content: Array(content.utf8), major, minor)
    }

    /// A pax header for the next entry (POSIX.1-2001, "pax Header Block").
    mutating func pax(_ key: String, _ value: [UInt8]) {
        var length = key.utf8.count + value.count + 3
        while String(length).utf8.count + key.utf8.count + value.count + 3 != length {
            length = String(length).utf8.count + key.utf8.count + value.count + 3
        }
        let record = Array("\(length) \(key)=".utf8) + value + [10]
        add(name: Array("PaxHeader".utf8), type: "x", link: [], content: record, 0, 0)
    }

    private mutating func add(
        name: [UInt8], type: Character, link: [UInt8], content: [UInt8], _ major: Int, _ minor: Int
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ field: [UInt8], at offset: Int) {
            header.replaceSubrange(offset..<offset + field.count, with: field)
        }
        func octal(_ value: Int, _ width: Int) -> [UInt8] {
            let digits = String(value, radix: 8)
            return Array((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8) + [0]
        }
        put(Array(name.prefix(100)), at: 0)
        put(octal(type == "5" ? 0o755 : 0o644, 8), at: 100)
        put(octal(0, 8), at: 108)
        put(octal(0, 8), at: 116)
        put(octal(content.count, 12), at: 124)
        put(octal(1_600_000_000, 12), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        header[156] = type.asciiValue ?? 0
        put(Array(link.prefix(100)), at: 157)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(octal(major, 8), at: 329)
        put(octal(minor, 8), at: 337)
        put(octal(header.reduce(0) { $0 + Int($1) }, 7) + [0x20], at: 148)
        bytes += header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    /// With the two empty blocks that end a tar.
    var whole: [UInt8] { bytes + [UInt8](repeating: 0, count: 1024) }
}
