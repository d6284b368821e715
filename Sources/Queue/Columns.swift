package import FactoryProtocol
import JSON
package import SQLite

// The words of the protocol are columns as they are.
extension BuildID: SQLValue {}
extension JobID: SQLValue {}
extension Fence: SQLValue {}
extension WorkerName: SQLValue {}
extension JobState: SQLValue {}
extension BuildState: SQLValue {}
extension Architecture: SQLValue {}

/// A `*_json` column: canonical JSON of a value.
struct JSONColumn<Value: Codable & Sendable>: SQLValue {
    let value: Value
    private let text: String

    /// Encodes at once, where an error can still be thrown.
    init(_ value: Value) throws(JSONError) {
        self.value = value
        text = try CanonicalJSON.text(value)
    }

    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 { text.bind(to: statement, at: index) }

    static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> JSONColumn {
        let text = try String.read(from: statement, at: index)
        do throws(JSONError) {
            // Our own text: a description may nest as deep as the wire lets it.
            let value = try StrictJSON.decode(Value.self, from: Array(text.utf8), maxDepth: JSONCheck.greatestDepth)
            return try JSONColumn(value)
        } catch {
            throw SQLiteError(.mismatch, "a stored value is no \(Value.self): \(error)")
        }
    }
}

extension Timestamp: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        milliseconds.bind(to: statement, at: index)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Timestamp {
        Timestamp(milliseconds: try Int64.read(from: statement, at: index))
    }
}

extension Digest: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        description.bind(to: statement, at: index)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Digest {
        let text = try String.read(from: statement, at: index)
        guard let digest = Digest(text) else { throw SQLiteError(.mismatch, "'\(text)' is no digest") }
        return digest
    }
}
