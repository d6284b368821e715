/// One value that cannot be taken, before it is known where it stands.
package struct SpecValueError: Error, Sendable, Equatable {
    /// A stable name.
    package let code: String
    /// What is wrong, with the value.
    package let message: String
    /// What to write instead.
    package let suggestion: String?

    package init(_ code: String, _ message: String, suggestion: String? = nil) {
        self.code = code
        self.message = message
        self.suggestion = suggestion
    }
}

/// A value that stands in a description as one piece of text.
protocol SpecText: Codable, CustomStringConvertible {
    /// Reads what a user wrote.
    init(parsing text: String) throws(SpecValueError)
    /// Reads what was taken before.
    init(stored text: String) throws(SpecValueError)
}

extension SpecText {
    init(stored text: String) throws(SpecValueError) { try self.init(parsing: text) }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        do {
            try self.init(stored: try container.decode(String.self))
        } catch let error as SpecValueError {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: error.message)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

extension Components: SpecText {}
extension BaseReference: SpecText {}
extension ImageVersion: SpecText {}
