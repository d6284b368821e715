import Testing

@testable import JSON

/// What the scanner takes and what it refuses, as a table.
struct JSONCheckTests {
    @Test(
        "good JSON is accepted",
        arguments: [
            "{}", "[]", "null", "true", "false", "0", "-0", "1.5e-3", "1E+2", "\"\"", " \t\r\n[ 1 , 2 ] \n",
            #"{"a":{"a":[{"a":1},{"a":2}]},"b":{}}"#, #""\ud83d\ude00 \u00e9 \/ \b\f\n\r\t\\\"""#, "\"é😀\u{7f}\"",
            "9223372036854775807", "-9223372036854775808", "1.7976931348623157e308", "1e-400",
            #"{"\u0061":1,"b":2}"#, "[[],{},[[]]]",
        ])
    func accepted(text: String) throws {
        try JSONCheck.check([UInt8](text.utf8))
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let bytes: [UInt8]
        let code: JSONError.Code
        let offset: Int
        var testDescription: String { String(decoding: bytes.prefix(40), as: UTF8.self) }

        init(_ text: String, _ code: JSONError.Code, _ offset: Int) {
            self.init([UInt8](text.utf8), code, offset)
        }
        init(_ bytes: [UInt8], _ code: JSONError.Code, _ offset: Int) {
            self.bytes = bytes
            self.code = code
            self.offset = offset
        }
    }

    static let refusals: [Refusal] = [
        Refusal("", .syntax, 0),
        Refusal("  ", .syntax, 2),
        Refusal("{", .syntax, 1),
        Refusal("{}}", .syntax, 2),
        Refusal("{} x", .syntax, 3),
        Refusal("[1,]", .syntax, 3),
        Refusal("[1 2]", .syntax, 3),
        Refusal("[1}", .syntax, 2),
        Refusal("{]", .syntax, 1),
        Refusal(#"{"a":1,}"#, .syntax, 7),
        Refusal(#"{"a" 1}"#, .syntax, 5),
        Refusal(#"{"a":}"#, .syntax, 5),
        Refusal("{a:1}", .syntax, 1),
        Refusal("{'a':1}", .syntax, 1),
        Refusal("nul", .syntax, 0),
        Refusal("nulL", .syntax, 0),
        Refusal("NaN", .syntax, 0),
        Refusal("Infinity", .syntax, 0),
        Refusal("01", .syntax, 0),
        Refusal("-", .syntax, 0),
        Refusal("+1", .syntax, 0),
        Refusal(".5", .syntax, 0),
        Refusal("1.", .syntax, 0),
        Refusal("1e", .syntax, 0),
        Refusal("1e+", .syntax, 0),
        Refusal("0x10", .syntax, 1),
        Refusal("[1,/* c */2]", .syntax, 3),
        Refusal("\"a", .syntax, 0),
        Refusal("\"a\nb\"", .syntax, 2),
        Refusal("\"\t\"", .syntax, 1),
        Refusal([0x22, 0x00, 0x22], .syntax, 1),
        Refusal(#""\x41""#, .syntax, 1),
        Refusal(#""\u12g4""#, .syntax, 1),
        Refusal(#""\u12"#, .syntax, 1),
        Refusal("\"\\", .syntax, 1),
        Refusal(#""a\u0000""#, .nul, 2),
        Refusal(#""\ud800""#, .loneSurrogate, 1),
        Refusal(#""\udc00""#, .loneSurrogate, 1),
        Refusal(#""\ud800\u0041""#, .loneSurrogate, 1),
        Refusal(#""\ud800x""#, .loneSurrogate, 1),
        Refusal([0xEF, 0xBB, 0xBF, 0x7B, 0x7D], .invalidUTF8, 0),
        Refusal([0x22, 0xC0, 0x80, 0x22], .invalidUTF8, 1),
        Refusal([0x22, 0xC3, 0x22], .invalidUTF8, 1),
        Refusal([0x22, 0xED, 0xA0, 0x80, 0x22], .invalidUTF8, 1),
        Refusal([0x22, 0xE0, 0x80, 0x80, 0x22], .invalidUTF8, 1),
        Refusal([0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], .invalidUTF8, 1),
        Refusal([0x22, 0xF0, 0x9F, 0x98, 0x22], .invalidUTF8, 1),
        Refusal([0x22, 0xFF, 0x22], .invalidUTF8, 1),
        Refusal([0x7B, 0x00, 0x7D, 0x00], .syntax, 1),  // UTF-16
        Refusal("9223372036854775808", .numberOutOfRange, 0),
        Refusal("-9223372036854775809", .numberOutOfRange, 0),
        Refusal("[1e999]", .numberOutOfRange, 1),
        Refusal("-1e400", .numberOutOfRange, 0),
        Refusal(String(repeating: "9", count: 400) + ".0", .numberOutOfRange, 0),
        Refusal(#"{"a":1,"a":2}"#, .duplicateKey, 7),
        Refusal(#"{"a":1,"\u0061":2}"#, .duplicateKey, 7),
        Refusal(#"{"\u0061":1,"b":{"a":0},"a":2}"#, .duplicateKey, 24),
        Refusal(#"{"😀":1,"\ud83d\ude00":2}"#, .duplicateKey, 10),
        Refusal(#"{"x":[{"a":1},{"a":2,"a":3}]}"#, .duplicateKey, 21),
    ]

    @Test("bad JSON is refused with its code, at its byte", arguments: refusals)
    func refused(_ refusal: Refusal) {
        let error = #expect(throws: JSONError.self) { try JSONCheck.check(refusal.bytes) }
        #expect(error?.code == refusal.code)
        #expect(error?.position?.offset == refusal.offset)
    }

    @Test("the depth limit counts objects and arrays alike, and 100 000 brackets are no danger")
    func depth() throws {
        func nested(_ depth: Int) -> [UInt8] {
            let open = (0..<depth).map { $0.isMultiple(of: 2) ? "[" : "{\"a\":" }
            let close = (0..<depth).reversed().map { $0.isMultiple(of: 2) ? "]" : "}" }
            let text = (open + close).joined()
            return [UInt8](text.replacing(#"{"a":}"#, with: "{}").utf8)
        }
        try JSONCheck.check(nested(32))
        #expect(throws: JSONError.self) { try JSONCheck.check(nested(33)) }
        try JSONCheck.check(nested(3), maxDepth: 3)
        #expect(throws: JSONError.self) { try JSONCheck.check(nested(3), maxDepth: 2) }
        let brackets = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
        let error = #expect(throws: JSONError.self) { try JSONCheck.check(brackets, maxDepth: 1_000) }
        #expect(error?.code == .tooDeep)
        #expect(error?.position?.offset == JSONCheck.greatestDepth)
    }

    @Test("an object may have 1 024 keys and no more")
    func keyLimit() throws {
        func object(_ count: Int) -> [UInt8] {
            [UInt8]("{\((0..<count).map { "\"k\($0)\":0" }.joined(separator: ","))}".utf8)
        }
        try JSONCheck.check(object(1_024))
        let error = #expect(throws: JSONError.self) { try JSONCheck.check(object(1_025)) }
        #expect(error?.code == .tooManyKeys)
    }

    @Test("where an object is asked for, nothing else will do", arguments: ["[]", "1", "\"{}\"", " null", "x"])
    func topLevelObject(text: String) throws {
        let error = #expect(throws: JSONError.self) { try JSONCheck.check([UInt8](text.utf8), top: .object) }
        #expect(error?.code == .notAnObject)
        try JSONCheck.check([UInt8](" {}".utf8), top: .object)
    }

    @Test("an error says line and column as an editor counts them")
    func position() {
        let error = #expect(throws: JSONError.self) {
            try JSONCheck.check([UInt8]("{\n  \"é\": 1,\n  \"né\": tru\n}".utf8))
        }
        #expect(error?.position == JSONError.Position(offset: 22, line: 3, column: 9))
        #expect("\(error.map { "\($0)" } ?? "")" == "line 3, column 9: a bare word that is not true, false or null")
    }
}
