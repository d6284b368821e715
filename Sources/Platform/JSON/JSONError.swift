/// Why bytes were refused as JSON, or why a value could not be written as JSON.
///
/// Public because ``JSONValue`` stands in the public messages of the wire protocol. Compare by ``code``; the text is
/// for people.
public struct JSONError: Error, Sendable, CustomStringConvertible {
    /// A stable name for the kind of fault. It may be sent to a peer.
    public struct Code: RawRepresentable, Hashable, Sendable {
        /// The kebab-case string that a peer sees.
        public let rawValue: String

        /// A code by its string.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// Not the grammar of RFC 8259.
        public static let syntax = Code(rawValue: "json-syntax")
        /// Not well-formed UTF-8 (Unicode 15, table 3-7), or a byte-order mark.
        public static let invalidUTF8 = Code(rawValue: "json-invalid-utf8")
        /// `\ud800`…`\udfff` that does not belong to a pair.
        public static let loneSurrogate = Code(rawValue: "json-lone-surrogate")
        /// `\u0000`, which would end a path or a C string early.
        public static let nul = Code(rawValue: "json-nul")
        /// More containers in one another than the reader allows.
        public static let tooDeep = Code(rawValue: "json-too-deep")
        /// One object names a key twice; readers would disagree which one counts.
        public static let duplicateKey = Code(rawValue: "json-duplicate-key")
        /// One object has more keys than the reader allows.
        public static let tooManyKeys = Code(rawValue: "json-too-many-keys")
        /// An integer beyond 64 bits, or a number beyond the range of a double.
        public static let numberOutOfRange = Code(rawValue: "json-number-out-of-range")
        /// The top-level value must be an object and is something else.
        public static let notAnObject = Code(rawValue: "json-not-an-object")
        /// Good JSON, but a field is missing.
        public static let missingField = Code(rawValue: "json-missing-field")
        /// Good JSON, but a field is of another type.
        public static let wrongType = Code(rawValue: "json-wrong-type")
        /// Good JSON, but the value of a field cannot be accepted.
        public static let invalidValue = Code(rawValue: "json-invalid-value")
        /// A Swift value that JSON cannot hold (a NaN, an infinity).
        public static let notEncodable = Code(rawValue: "json-not-encodable")
    }

    /// Where in the input a fault lies.
    public struct Position: Hashable, Sendable {
        /// Bytes before the fault.
        public let offset: Int
        /// Line, from 1.
        public let line: Int
        /// Column in Unicode scalars, from 1.
        public let column: Int
    }

    /// The kind of fault.
    public let code: Code
    /// One sentence that names the thing, the value and the limit.
    public let message: String
    /// Where the fault lies in the input, for faults of the text itself.
    public let position: Position?
    /// What a type's own `init(from:)` or `encode(to:)` threw.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, at position: Position? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.position = position
        self.cause = cause
    }

    /// `line 3, column 7: duplicate key "a"`.
    public var description: String {
        guard let position else { return message }
        return "line \(position.line), column \(position.column): \(message)"
    }
}

extension JSONError.Position {
    /// Line and column of the byte at `offset`, counted only when an error is really reported.
    init(of offset: Int, in bytes: Span<UInt8>) {
        var line = 1
        var column = 1
        for index in 0..<min(offset, bytes.count) {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        self.init(offset: offset, line: line, column: column)
    }
}
