/// Header fields in their order; names compare without case (RFC 9110 section 5).
package struct HTTPFields: Sendable, Hashable, ExpressibleByDictionaryLiteral {
    /// One field line.
    package struct Field: Sendable, Hashable {
        /// As it was written or received.
        package let name: String
        /// Without white space at its ends.
        package let value: String
    }

    /// All fields.
    package private(set) var list: [Field] = []

    /// No fields.
    package init() {}

    /// The fields of a literal, in its order.
    package init(dictionaryLiteral elements: (String, String)...) {
        list = elements.map(Field.init)
    }

    /// The value of the first field of that name.
    package subscript(name: String) -> String? {
        list.first { Self.same($0.name, name) }?.value
    }

    /// The values of all fields of that name.
    package func all(_ name: String) -> [String] {
        list.filter { Self.same($0.name, name) }.map(\.value)
    }

    /// The members of a comma-separated list, over all fields of that name, in lower case.
    package func tokens(_ name: String) -> [String] {
        all(name).flatMap { $0.split(separator: ",") }.map { member in
            var member = member
            while member.first == " " || member.first == "\t" { member.removeFirst() }
            while member.last == " " || member.last == "\t" { member.removeLast() }
            return member.lowercased()
        }
    }

    /// Adds a field, beside others of its name.
    package mutating func append(_ name: String, _ value: String) {
        list.append(Field(name: name, value: value))
    }

    /// Puts a field in the place of all of its name.
    package mutating func set(_ name: String, _ value: String) {
        list.removeAll { Self.same($0.name, name) }
        append(name, value)
    }

    private static func same(_ a: String, _ b: String) -> Bool {
        let (a, b) = (a.utf8, b.utf8)
        return a.count == b.count && zip(a, b).allSatisfy { lower($0) == lower($1) }
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte + 32 : byte
    }
}
