package import JSON

extension SpecNode {
    /// A description that came as JSON, over the wire or from a file. JSON has no lines to point at.
    package init(json: JSONValue) {
        switch json {
        case .null: self.init(.null)
        case .bool(let value): self.init(.bool(value))
        case .integer(let value): self.init(.integer(value))
        case .number(let value): self.init(.number(value))
        case .string(let value): self.init(.string(value))
        case .array(let values): self.init(.list(values.map { SpecNode(json: $0) }))
        case .object(let object):
            self.init(
                .map(
                    object.sorted { $0.key < $1.key }
                        .map { Entry(key: $0.key, node: SpecNode(json: $0.value)) }))
        }
    }
}

extension JobWork {
    /// The work as it travels in `assign`.
    package func json() throws(JSONError) -> JSONValue {
        try StrictJSON.decode(JSONValue.self, from: try CanonicalJSON.encode(self))
    }

    /// Reads what came in `assign`; a kind that this version does not know is an error, and the job is declined.
    package init(_ json: JSONValue) throws(JSONError) {
        self = try StrictJSON.decode(JobWork.self, from: try CanonicalJSON.encode(json))
    }
}

extension BuildSpec {
    /// The description with every default filled in, as `show` gives it.
    package func json() throws(JSONError) -> JSONValue {
        try StrictJSON.decode(JSONValue.self, from: try CanonicalJSON.encode(self))
    }
}
