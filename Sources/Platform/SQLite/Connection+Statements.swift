import CSQLite

extension Connection {
    /// Runs several statements without parameters: a schema, pragmas.
    package borrowing func script(_ sql: String) throws {
        try check(sqlite3_exec(database, sql, nil, nil, nil), sql)
    }

    /// Runs a statement that gives no rows; the number of rows that it changed.
    @discardableResult
    package borrowing func run<each B: SQLValue>(_ sql: String, _ arguments: repeat each B) throws -> Int {
        try with(sql, repeat each arguments) { statement in try check(sqlite3_step(statement), sql) }
        return changes
    }

    /// Every row, its columns as a tuple.
    package borrowing func all<each C: SQLValue, each B: SQLValue>(
        _ sql: String, _ arguments: repeat each B
    ) throws -> [(repeat each C)] {
        try with(sql, repeat each arguments) { statement in
            var rows: [(repeat each C)] = []
            while try step(statement, sql) { rows.append(try columns(of: statement)) }
            return rows
        }
    }

    /// Every row, made by a function of its columns: a memberwise initialiser is the decoder.
    ///
    ///     let jobs = try db.all(Row.init, "SELECT id, kind FROM jobs WHERE build = ?", build)
    package borrowing func all<T, each C: SQLValue, each B: SQLValue>(
        _ make: (repeat each C) throws -> T, _ sql: String, _ arguments: repeat each B
    ) throws -> [T] {
        try with(sql, repeat each arguments) { statement in
            var rows: [T] = []
            while try step(statement, sql) { rows.append(try decode(statement, with: make)) }
            return rows
        }
    }

    /// The first row, or nil. The statement runs to its end all the same: one with RETURNING changes rows until then.
    package borrowing func first<each C: SQLValue, each B: SQLValue>(
        _ sql: String, _ arguments: repeat each B
    ) throws -> (repeat each C)? {
        try with(sql, repeat each arguments) { statement in
            guard try step(statement, sql) else { return nil }
            let row: (repeat each C) = try columns(of: statement)
            while try step(statement, sql) {}
            return row
        }
    }

    /// The first row.
    ///
    /// - Throws: ``SQLiteError/Code/noRow`` when there is none.
    package borrowing func one<each C: SQLValue, each B: SQLValue>(
        _ sql: String, _ arguments: repeat each B
    ) throws -> (repeat each C) {
        guard let row: (repeat each C) = try first(sql, repeat each arguments) else {
            throw SQLiteError(.noRow, "no row", sql: sql)
        }
        return row
    }

    /// Prepares (or takes from the cache), binds, gives to the body; resets and clears always.
    private borrowing func with<R, each B: SQLValue>(
        _ sql: String, _ arguments: repeat each B, body: (OpaquePointer) throws -> R
    ) throws -> R {
        let statement = try cache.take(sql) ?? prepare(sql)
        defer {
            // The result of a reset repeats the failure of the last step, which was thrown already.
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
            cache.give(sql, statement)
        }
        var index: Int32 = 0
        for argument in repeat each arguments {
            index += 1
            try check(argument.bind(to: statement, at: index), sql)
        }
        let wanted = sqlite3_bind_parameter_count(statement)
        guard index == wanted else {
            throw SQLiteError(.misuse, "\(index) arguments for \(wanted) parameters", sql: sql)
        }
        return try body(statement)
    }

    private borrowing func prepare(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        var statement: OpaquePointer?
        var hasMore = false
        let rc = sql.withCString { start in
            var rest: UnsafePointer<CChar>?
            let rc = sqlite3_prepare_v3(database, start, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, &rest)
            if let rest { hasMore = String(cString: rest).contains { !$0.isWhitespace && $0 != ";" } }
            return rc
        }
        try check(rc, sql)
        guard let statement, !hasMore else {
            sqlite3_finalize(statement)
            throw SQLiteError(.misuse, "exactly one statement is wanted here", sql: sql)
        }
        return statement
    }

    private borrowing func step(_ statement: OpaquePointer, _ sql: String) throws(SQLiteError) -> Bool {
        let rc = sqlite3_step(statement)
        try check(rc, sql)
        return rc == SQLITE_ROW
    }
}

private func columns<each C: SQLValue>(of statement: OpaquePointer) throws -> (repeat each C) {
    var index: Int32 = 0
    return (repeat try next(statement, &index) as each C)
}

private func decode<T, each C: SQLValue>(
    _ statement: OpaquePointer, with make: (repeat each C) throws -> T
) throws -> T {
    var index: Int32 = 0
    return try make(repeat try next(statement, &index) as each C)
}

private func next<C: SQLValue>(_ statement: OpaquePointer, _ index: inout Int32) throws -> C {
    defer { index += 1 }
    return try C.read(from: statement, at: index)
}
