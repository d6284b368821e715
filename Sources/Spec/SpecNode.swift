/// A description as it was written, whatever the notation: values with the place where they stand.
package struct SpecNode: Sendable, Equatable {
    package indirect enum Value: Sendable, Equatable {
        case null
        case bool(Bool)
        case integer(Int64)
        case number(Double)
        case string(String)
        case list([SpecNode])
        case map([Entry])
    }

    /// One key of a mapping.
    package struct Entry: Sendable, Equatable {
        package let key: String
        /// Where the key stands, counted from 1; nil when the notation has no lines.
        package let line: Int?
        package let column: Int?
        package let node: SpecNode

        package init(key: String, line: Int? = nil, column: Int? = nil, node: SpecNode) {
            self.key = key
            self.line = line
            self.column = column
            self.node = node
        }
    }

    package let value: Value
    package let line: Int?
    package let column: Int?

    package init(_ value: Value, line: Int? = nil, column: Int? = nil) {
        self.value = value
        self.line = line
        self.column = column
    }

    /// What kind of value it is, for messages.
    var kind: String {
        switch value {
        case .null: "empty"
        case .bool(let value): value ? "true" : "false"
        case .integer: "a number"
        case .number: "a number"
        case .string: "text"
        case .list: "a list"
        case .map: "a mapping"
        }
    }
}
