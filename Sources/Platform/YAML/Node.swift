/// A value in a YAML document, with the place it was read from.
///
/// Maps keep the order of their keys. Read with ``parse(_:limits:)``, look at with the accessors in `Node+Access.swift`,
/// write with ``yaml()``.
package struct Node: Sendable {
    /// What a node holds.
    package enum Value: Sendable {
        case null
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case string(String)
        case list([Node])
        case map([Entry])
    }

    /// One key of a map with its value.
    package struct Entry: Sendable {
        /// The key; always text, also where it is written as a number.
        package let key: String
        /// Where the key stands.
        package let keyMark: Mark
        /// The value.
        package let value: Node

        /// A key with its value; the place matters only for what was read from a text.
        package init(_ key: String, _ value: Node, keyMark: Mark = .start) {
            self.key = key
            self.keyMark = keyMark
            self.value = value
        }
    }

    /// What the node holds.
    package let value: Value
    /// Where it starts.
    package let mark: Mark
    /// Its path from the top: `artifacts[2].type`; empty for the top itself.
    package let path: String
    /// The letters in the file when the value is a plain (unquoted) scalar: `1.10` where ``value`` is the number 1.1.
    package let source: String?

    init(_ value: Value, at mark: Mark, path: String, source: String? = nil) {
        self.value = value
        self.mark = mark
        self.path = path
        self.source = source
    }

    /// A value that was not read but made, to be written with ``yaml()``.
    package init(_ value: Value) {
        self.init(value, at: .start, path: "")
    }

    /// Text, to be written.
    package static func string(_ text: String) -> Node { Node(.string(text)) }

    /// A whole number, to be written.
    package static func int(_ number: Int64) -> Node { Node(.int(number)) }

    /// True or false, to be written.
    package static func bool(_ truth: Bool) -> Node { Node(.bool(truth)) }

    /// A list, to be written.
    package static func list(_ items: [Node]) -> Node { Node(.list(items)) }

    /// A map in the order given, to be written.
    package static func map(_ pairs: KeyValuePairs<String, Node>) -> Node {
        Node(.map(pairs.map { Entry($0.key, $0.value) }))
    }
}

extension Node {
    /// How much of a document is accepted. A description of an image has some hundred values in some kilobytes.
    package struct Limits: Sendable {
        /// The most bytes of text.
        package var bytes: Int
        /// The most lists and maps inside one another.
        package var depth: Int
        /// The most values, keys not counted.
        package var nodes: Int

        /// Limits; the defaults are 1 MiB, 32 levels, 50 000 values.
        package init(bytes: Int = 1 << 20, depth: Int = 32, nodes: Int = 50_000) {
            self.bytes = bytes
            self.depth = depth
            self.nodes = nodes
        }
    }
}

extension Node: Equatable {
    /// Equal values; places and the way a scalar was written do not count. Keys compare in order.
    package static func == (left: Node, right: Node) -> Bool {
        switch (left.value, right.value) {
        case (.null, .null): true
        case (.bool(let left), .bool(let right)): left == right
        case (.int(let left), .int(let right)): left == right
        case (.double(let left), .double(let right)): left == right || (left.isNaN && right.isNaN)
        // Byte by byte: Swift's own equality takes "é" and "e" with an accent for the same text.
        case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)): left == right
        case (.map(let left), .map(let right)):
            left.elementsEqual(right) { $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value }
        default: false
        }
    }
}
