/// One pass over the bytes of a JSON text. A bit for every open container, a list of the keys of the open objects, and
/// nothing else is kept, so neither depth nor length can exhaust the stack.
struct Scanner {
    /// A fault by its byte; line and column are counted only when it is reported.
    struct Fault: Error {
        let code: JSONError.Code
        let offset: Int
        let message: String
    }

    /// A key of an open object: its bytes lie in the input, or in `unescaped` when it was written with escapes.
    struct Key {
        let hash: UInt32
        let start: Int
        let count: Int
        let isUnescaped: Bool
    }

    let maxDepth: Int
    let maxKeys: Int
    let top: JSONCheck.Top
    var at = 0
    private var depth = 0
    /// One bit an open container, the innermost lowest: 1 = object.
    private var objects: UInt64 = 0
    private var keys: [Key] = []
    /// Where in `keys` the keys of each open object begin.
    private var firstKey: [Int] = []
    /// Keys that were written with escapes, as they read without.
    var unescaped: [UInt8] = []

    init(maxDepth: Int, maxKeys: Int, top: JSONCheck.Top) {
        self.maxDepth = maxDepth
        self.maxKeys = maxKeys
        self.top = top
    }

    /// Throws the first fault; returns when the whole input is one JSON text.
    mutating func run(_ input: Span<UInt8>) throws(Fault) {
        skipSpace(input)
        if case .object = top, at < input.count, input[at] != UInt8(ascii: "{") {
            throw fault(.notAnObject, at, "the top-level value must be an object, it begins with \(name(input, at))")
        }
        var wantsValue = true
        while true {
            if wantsValue {
                wantsValue = try value(input)
                continue
            }
            skipSpace(input)
            guard depth > 0 else {
                guard at == input.count else {
                    throw fault(.syntax, at, "\(name(input, at)) after the end of the JSON text")
                }
                return
            }
            wantsValue = try afterValue(input)
        }
    }

    /// Reads one scalar, or the opening of a container; returns whether a value must follow.
    private mutating func value(_ input: Span<UInt8>) throws(Fault) -> Bool {
        skipSpace(input)
        guard at < input.count else { throw fault(.syntax, at, "the text ends where a value is expected") }
        let byte = input[at]
        switch byte {
        case UInt8(ascii: "{"):
            try open(object: true)
            firstKey.append(keys.count)
            skipSpace(input)
            if at < input.count, input[at] == UInt8(ascii: "}") {
                close()
                return false
            }
            try key(input)
            return true
        case UInt8(ascii: "["):
            try open(object: false)
            skipSpace(input)
            if at < input.count, input[at] == UInt8(ascii: "]") {
                close()
                return false
            }
            return true
        case UInt8(ascii: "\""):
            at += 1
            _ = try string(input)
        case UInt8(ascii: "t"): try literal(input, "true")
        case UInt8(ascii: "f"): try literal(input, "false")
        case UInt8(ascii: "n"): try literal(input, "null")
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try number(input)
        case 0xEF where at == 0 && input.count >= 3 && input[1] == 0xBB && input[2] == 0xBF:
            throw fault(.invalidUTF8, 0, "the text begins with a byte-order mark")
        default: throw fault(.syntax, at, "\(name(input, at)) where a value is expected")
        }
        return false
    }

    /// Reads `,` (and the next key of an object) or the end of a container; returns whether a value must follow.
    private mutating func afterValue(_ input: Span<UInt8>) throws(Fault) -> Bool {
        let inObject = objects & 1 == 1
        let end = inObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
        guard at < input.count else {
            throw fault(.syntax, at, "the text ends inside an \(inObject ? "object" : "array")")
        }
        switch input[at] {
        case UInt8(ascii: ","):
            at += 1
            if inObject {
                skipSpace(input)
                try key(input)
            }
            return true
        case end:
            close()
            return false
        default:
            let expected = inObject ? "',' or '}'" : "',' or ']'"
            throw fault(.syntax, at, "\(name(input, at)) where \(expected) is expected")
        }
    }

    private mutating func open(object: Bool) throws(Fault) {
        guard depth < maxDepth else {
            throw fault(.tooDeep, at, "more than \(maxDepth) objects and arrays in one another")
        }
        at += 1
        depth += 1
        objects = objects << 1 | (object ? 1 : 0)
    }

    private mutating func close() {
        at += 1
        if objects & 1 == 1 { keys.removeSubrange(firstKey.removeLast()...) }
        depth -= 1
        objects >>= 1
        if depth == 0 { unescaped.removeAll(keepingCapacity: true) }
    }

    /// Reads a key and its colon; the key must be new in its object.
    private mutating func key(_ input: Span<UInt8>) throws(Fault) {
        guard at < input.count else { throw fault(.syntax, at, "the text ends where a key is expected") }
        guard input[at] == UInt8(ascii: "\"") else {
            throw fault(.syntax, at, "\(name(input, at)) where a key in double quotes is expected")
        }
        let quote = at
        at += 1
        let collected = unescaped.count
        let key: Key
        if try string(input) {
            // Rare: read it again, this time collecting what the escapes mean.
            at = quote + 1
            _ = try string(input, collecting: true)
            let count = unescaped.count - collected
            key = Key(
                hash: hash(unescaped.span, from: collected, count: count), start: collected, count: count,
                isUnescaped: true)
        } else {
            let count = at - 1 - (quote + 1)
            key = Key(
                hash: hash(input, from: quote + 1, count: count), start: quote + 1, count: count, isUnescaped: false)
        }
        try remember(key, input, quote: quote)
        skipSpace(input)
        guard at < input.count, input[at] == UInt8(ascii: ":") else {
            throw fault(.syntax, at, "\(name(input, at)) where ':' is expected after a key")
        }
        at += 1
    }

    private mutating func remember(_ key: Key, _ input: Span<UInt8>, quote: Int) throws(Fault) {
        let first = firstKey[firstKey.count - 1]
        guard keys.count - first < maxKeys else {
            throw fault(.tooManyKeys, quote, "more than \(maxKeys) keys in one object")
        }
        for index in first..<keys.count where keys[index].hash == key.hash && keys[index].count == key.count {
            guard equal(keys[index], key, input) else { continue }
            let text = (0..<min(key.count, 60)).map { byte(key, $0, input) }
            throw fault(.duplicateKey, quote, "duplicate key \"\(String(decoding: text, as: UTF8.self))\"")
        }
        keys.append(key)
    }

    private func byte(_ key: Key, _ index: Int, _ input: Span<UInt8>) -> UInt8 {
        key.isUnescaped ? unescaped[key.start + index] : input[key.start + index]
    }

    private func equal(_ one: Key, _ other: Key, _ input: Span<UInt8>) -> Bool {
        for index in 0..<one.count where byte(one, index, input) != byte(other, index, input) { return false }
        return true
    }

    /// FNV-1a: only to compare fewer keys byte by byte.
    private func hash(_ bytes: Span<UInt8>, from start: Int, count: Int) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for index in start..<(start + count) { hash = (hash ^ UInt32(bytes[index])) &* 16_777_619 }
        return hash
    }
}
