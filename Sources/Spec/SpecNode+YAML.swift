package import FactoryProtocol
package import YAML

extension SpecNode {
    /// A description that was read from a YAML file: every value keeps its line.
    ///
    /// JSON is read the same way, because every strict JSON text is YAML too.
    package init(yaml node: Node) {
        let (line, column) = (node.mark.line, node.mark.column)
        let value: Value =
            switch node.value {
            case .null: .null
            case .bool(let value): .bool(value)
            case .int(let value): .integer(value)
            case .double(let value): .number(value)
            case .string(let text): .string(text)
            case .list(let nodes): .list(nodes.map { SpecNode(yaml: $0) })
            case .map(let entries):
                .map(
                    entries.map {
                        Entry(
                            key: $0.key, line: $0.keyMark.line, column: $0.keyMark.column,
                            node: SpecNode(yaml: $0.value))
                    })
            }
        self.init(value, line: line, column: column)
    }
}

extension BuildSpec {
    /// Reads a description from the text of a file, YAML or JSON.
    package static func read(text: [UInt8]) throws(SpecError) -> BuildSpec {
        let node: Node
        do throws(YAMLError) {
            node = try Node.parse(text)
        } catch {
            throw SpecError(problems: [Problem(error)])
        }
        return try read(SpecNode(yaml: node))
    }
}

extension Problem {
    /// A mistake in the syntax of a description.
    package init(_ error: YAMLError) {
        self =
            Problem(
                path: error.path, line: error.mark.line, column: error.mark.column, code: error.code.rawValue,
                message: error.message, suggestion: error.advice
            ).shown
    }
}
