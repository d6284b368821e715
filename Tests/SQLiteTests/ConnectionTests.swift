import SQLite
import TestSupport
import Testing

@Suite struct ConnectionTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private enum Colour: String, SQLValue {
        case red
        case blue
    }

    private func opened() throws -> Connection {
        let db = try Connection(folder.file("a.sqlite"), .writer)
        try db.script("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, data BLOB, colour TEXT, real REAL) STRICT")
        return db
    }

    @Test func theWriterRunsInWALWithFullSync() throws {
        let db = try opened()
        let journal: String = try db.one("PRAGMA journal_mode")
        let synchronous: Int = try db.one("PRAGMA synchronous")
        let keys: Int = try db.one("PRAGMA foreign_keys")
        #expect(journal == "wal")
        #expect(synchronous == 2)
        #expect(keys == 1)
    }

    @Test func valuesComeBackAsTheyWentIn() throws {
        let db = try opened()
        let bytes: [UInt8] = [0, 255, 7]
        try db.run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", 1, "e\u{301} 😀 \u{0}x", bytes, Colour.blue, 2.5)
        try db.run("INSERT INTO t VALUES (?, ?, ?, ?, ?)", 2, "", [UInt8](), Colour?.none, Double?.none)
        let rows: [(Int64, String, [UInt8], Colour?, Double?)] = try db.all("SELECT * FROM t ORDER BY id")
        #expect(rows.count == 2)
        #expect(Array(rows[0].1.utf8) == Array("e\u{301} 😀 \u{0}x".utf8))
        #expect(rows[0].2 == bytes)
        #expect(rows[0].3 == .blue)
        #expect(rows[0].4 == 2.5)
        #expect(rows[1].1 == "")
        #expect(rows[1].2 == [])
        #expect(rows[1].3 == nil)
        #expect(rows[1].4 == nil)
    }

    @Test func aColumnOfAnotherTypeIsRefusedAndNamed() throws {
        let db = try opened()
        try db.run("INSERT INTO t VALUES (1, 'x', NULL, 'green', NULL)")
        let wrong = #expect(throws: SQLiteError.self) { let _: Int = try db.one("SELECT name FROM t") }
        #expect(wrong?.code == .mismatch)
        #expect(wrong?.message.contains("'name' holds TEXT") == true)
        let null = #expect(throws: SQLiteError.self) { let _: [UInt8] = try db.one("SELECT data FROM t") }
        #expect(null?.code == .mismatch)
        let unknown = #expect(throws: SQLiteError.self) { let _: Colour = try db.one("SELECT colour FROM t") }
        #expect(unknown?.message.contains("'green'") == true)
    }

    @Test(arguments: [
        ("INSERT INTO t(id, name) VALUES (1, 1.5), (2, 'a'); DELETE FROM t", SQLiteError.Code.misuse),
        ("SELECT \"nothing\"", .misuse),
        ("SELECT ?", .misuse),
        ("INSERT INTO t(id, real) VALUES (1, 'x')", .constraint),
    ])
    func whatIsWrongIsTyped(sql: String, code: SQLiteError.Code) throws {
        let db = try opened()
        let error = #expect(throws: SQLiteError.self) { try db.run(sql) }
        #expect(error?.code == code)
    }

    @Test func aDuplicateIsToldFromOtherConstraints() throws {
        let db = try opened()
        try db.run("INSERT INTO t(id) VALUES (1)")
        let twice = #expect(throws: SQLiteError.self) { try db.run("INSERT INTO t(id) VALUES (1)") }
        #expect(twice?.code == .constraint)
        #expect(twice?.isDuplicate == true)
    }

    @Test func aNestedTransactionThatThrowsUndoesOnlyItself() throws {
        let db = try opened()
        struct Stop: Error {}
        try db.transaction { db in
            try db.run("INSERT INTO t(id) VALUES (1)")
            #expect(throws: Stop.self) {
                try db.transaction { db in
                    try db.run("INSERT INTO t(id) VALUES (2)")
                    throw Stop()
                }
            }
            try db.transaction { db in _ = try db.run("INSERT INTO t(id) VALUES (3)") }
        }
        let ids: [Int] = try db.all("SELECT id FROM t ORDER BY id")
        #expect(ids == [1, 3])
        let isOpen = db.inTransaction
        #expect(!isOpen)
    }

    @Test func statementsAreKeptUpToTheLimit() throws {
        var options = Connection.Options()
        options.statementLimit = 5
        let db = try Connection(folder.file("b.sqlite"), .writer, options: options)
        for i in 0..<50 { let _: Int = try db.one("SELECT \(i)") }
        let kept = db.cachedStatements
        #expect(kept == 5)
    }

    @Test func anotherProgramsDatabaseIsRefused() throws {
        var ours = Connection.Options()
        ours.applicationID = 0x46_41_43_54
        do { _ = try Connection(folder.file("ours"), .writer, options: ours) }
        do { _ = try Connection(folder.file("ours"), .writer, options: ours) }
        do {
            let foreign = try Connection(folder.file("foreign"), .writer)
            try foreign.script("CREATE TABLE theirs(x)")
        }
        let error = #expect(throws: SQLiteError.self) {
            _ = try Connection(folder.file("foreign"), .writer, options: ours)
        }
        #expect(error?.code == .foreign)
    }

    @Test func aFileThatIsNoDatabaseIsCalledCorrupt() throws {
        try writeFile(folder.file("junk"), String(repeating: "this is no database ", count: 300))
        let error = #expect(throws: SQLiteError.self) { _ = try Connection(folder.file("junk"), .writer) }
        #expect(error?.code == .corrupt)
    }

    @Test func aHeldLockIsBusy() throws {
        var options = Connection.Options()
        options.busyMilliseconds = 10
        let first = try Connection(folder.file("c.sqlite"), .writer, options: options)
        try first.script("CREATE TABLE t(x)")
        try first.transaction { _ in
            let second = try Connection(folder.file("c.sqlite"), .writer, options: options)
            let error = #expect(throws: SQLiteError.self) {
                try second.transaction { db in _ = try db.run("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.code == .busy)
        }
    }

    @Test func aReaderCannotWrite() throws {
        _ = try opened()
        let reader = try Connection(folder.file("a.sqlite"), .reader)
        let error = #expect(throws: SQLiteError.self) { try reader.run("INSERT INTO t(id) VALUES (1)") }
        #expect(error?.code == .cannotOpen)
    }
}
