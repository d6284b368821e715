import CSQLite

/// A type that maps onto one column of one row, both ways.
///
/// An `enum State: String, SQLValue {}` needs no code of its own.
package protocol SQLValue: Sendable {
    /// Gives the value to parameter `index` (from 1) of a prepared statement; SQLite's result code.
    func bind(to statement: OpaquePointer, at index: Int32) -> Int32
    /// Reads column `index` (from 0) of the current row.
    ///
    /// - Throws: ``SQLiteError/Code/mismatch`` when the column holds another type; nothing is converted silently.
    static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Self
}

/// Refuses a column of another storage class than the one wanted: SQLite would convert it silently.
private func expect(
    _ type: Int32, in statement: OpaquePointer, at index: Int32, for wanted: Any.Type
) throws(SQLiteError) {
    let found = sqlite3_column_type(statement, index)
    guard found != type else { return }
    let names = ["?", "INTEGER", "REAL", "TEXT", "BLOB", "NULL"]
    let name = names.indices.contains(Int(found)) ? names[Int(found)] : "type \(found)"
    let column = sqlite3_column_name(statement, index).map { String(cString: $0) } ?? "\(index)"
    throw SQLiteError(.mismatch, "column '\(column)' holds \(name), not \(wanted)", sql: text(of: statement))
}

private func text(of statement: OpaquePointer) -> String? {
    sqlite3_sql(statement).map { String(cString: $0) }
}

extension Int64: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement, index, self)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Int64 {
        try expect(SQLITE_INTEGER, in: statement, at: index, for: self)
        return sqlite3_column_int64(statement, index)
    }
}

extension Int: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        Int64(self).bind(to: statement, at: index)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Int {
        Int(try Int64.read(from: statement, at: index))
    }
}

extension Bool: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_int64(statement, index, self ? 1 : 0)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Bool {
        switch try Int64.read(from: statement, at: index) {
        case 0: return false
        case 1: return true
        case let other: throw SQLiteError(.mismatch, "\(other) is no truth value", sql: text(of: statement))
        }
    }
}

extension Double: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        sqlite3_bind_double(statement, index, self)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Double {
        try expect(SQLITE_FLOAT, in: statement, at: index, for: self)
        return sqlite3_column_double(statement, index)
    }
}

extension String: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        var copy = self
        return copy.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { bytes in
                // An empty buffer may have no address, which SQLite would take for NULL.
                guard let start = bytes.baseAddress else { return csqlite_bind_text(statement, index, "", 0) }
                return csqlite_bind_text(statement, index, start, UInt64(bytes.count))
            }
        }
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> String {
        try expect(SQLITE_TEXT, in: statement, at: index, for: self)
        // The text first, then its length: the order that SQLite asks for.
        let start = sqlite3_column_text(statement, index)
        let count = Int(sqlite3_column_bytes(statement, index))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

extension [UInt8]: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        guard !isEmpty else { return sqlite3_bind_zeroblob(statement, index, 0) }
        return withUnsafeBytes { csqlite_bind_blob(statement, index, $0.baseAddress, UInt64($0.count)) }
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> [UInt8] {
        try expect(SQLITE_BLOB, in: statement, at: index, for: self)
        let start = sqlite3_column_blob(statement, index)
        return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, index))))
    }
}

extension Optional: SQLValue where Wrapped: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        self?.bind(to: statement, at: index) ?? sqlite3_bind_null(statement, index)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Wrapped? {
        sqlite3_column_type(statement, index) == SQLITE_NULL ? nil : try Wrapped.read(from: statement, at: index)
    }
}

extension SQLValue where Self: RawRepresentable, RawValue: SQLValue {
    package func bind(to statement: OpaquePointer, at index: Int32) -> Int32 {
        rawValue.bind(to: statement, at: index)
    }
    package static func read(from statement: OpaquePointer, at index: Int32) throws(SQLiteError) -> Self {
        let raw = try RawValue.read(from: statement, at: index)
        guard let value = Self(rawValue: raw) else {
            throw SQLiteError(.mismatch, "'\(raw)' is no \(Self.self)", sql: text(of: statement))
        }
        return value
    }
}
