extension JSONError {
    /// What Foundation's decoder says, in one sentence with the path of the field.
    init(_ error: DecodingError) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(.missingField, "\(Self.path(context.codingPath + [key])) is missing")
        case .valueNotFound(let type, let context):
            self.init(.missingField, "\(Self.path(context.codingPath)) is null, expected \(Self.name(type))")
        case .typeMismatch(let type, let context):
            self.init(.wrongType, "\(Self.path(context.codingPath)) is not \(Self.name(type))")
        case .dataCorrupted(let context):
            self.init(
                .invalidValue, "\(Self.path(context.codingPath)): \(context.debugDescription)",
                cause: context.underlyingError)
        @unknown default:
            self.init(.invalidValue, "\(error)", cause: error)
        }
    }

    /// What Foundation's encoder says.
    init(_ error: EncodingError) {
        switch error {
        case .invalidValue(let value, let context):
            self.init(
                .notEncodable, "\(Self.path(context.codingPath)): \(value) cannot be written as JSON",
                cause: context.underlyingError)
        @unknown default:
            self.init(.notEncodable, "\(error)", cause: error)
        }
    }

    /// `jobs[2].fence`; the top level is called "the value".
    private static func path(_ keys: [any CodingKey]) -> String {
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += path.isEmpty ? key.stringValue : "." + key.stringValue
            }
        }
        return path.isEmpty ? "the value" : path
    }

    /// The type in the words of JSON.
    private static func name(_ type: any Any.Type) -> String {
        switch "\(type)" {
        case "String": "a string"
        case "Bool": "true or false"
        case "Int", "Int64", "Int32", "UInt64", "UInt32", "UInt16", "UInt8", "UInt": "an integer"
        case "Double", "Float": "a number"
        case let name where name.hasPrefix("Array"): "an array"
        case let name where name.hasPrefix("Dictionary"): "an object"
        default: "of type \(type)"
        }
    }
}
