import SQLite

/// A column that another release may have written, or that a disk may have damaged.
///
/// Reading one never fails as a whole: what a value that cannot be decoded costs is decided where it is used. It must not
/// be more than the job, the build or the worker that the row belongs to.
enum Stored<Value: SQLValue>: SQLValue {
    case decoded(Value)
    /// Why it cannot be decoded.
    case undecodable(String)

    /// The value; nil when it cannot be decoded.
    var value: Value? {
        if case .decoded(let value) = self { value } else { nil }
    }

    /// Why it cannot be decoded; nil when it can.
    var fault: String? {
        if case .undecodable(let why) = self { why } else { nil }
    }

    func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        // What cannot be decoded is never written: SQLITE_MISMATCH (rescode.html).
        value?.bind(to: statement, at: index) ?? 20
    }

    static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Stored {
        do throws(SQLiteError) {
            return .decoded(try Value.read(from: statement, at: index))
        } catch {
            return .undecodable(error.message)
        }
    }
}
