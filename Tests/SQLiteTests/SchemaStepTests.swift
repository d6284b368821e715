import SQLite
import TestSupport
import Testing

@Suite struct SchemaStepTests {
    let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private let first = SchemaStep(name: "0001_a", sql: "CREATE TABLE a(x INTEGER) STRICT;")
    private let second = SchemaStep(
        name: "0002_b", sql: "ALTER TABLE a ADD COLUMN y TEXT; INSERT INTO a VALUES (2, 'y');")

    private func opened() throws -> Connection { try Connection(folder.file("m.sqlite"), .writer) }

    @Test func eachStepIsAppliedOnceAndKeepsTheData() throws {
        let db = try opened()
        let found1 = try db.migrate([first])
        #expect(found1 == ["0001_a"])
        try db.run("INSERT INTO a VALUES (1)")
        let found2 = try db.migrate([first, second])
        #expect(found2 == ["0002_b"])
        let found3 = try db.migrate([first, second])
        #expect(found3 == [])
        let rows: [(Int, String?)] = try db.all("SELECT x, y FROM a ORDER BY x")
        #expect(rows.map(\.0) == [1, 2])
        #expect(rows.map(\.1) == [nil, "y"])
    }

    @Test func anEditedStepIsRefused() throws {
        let db = try opened()
        try db.migrate([first])
        let edited = SchemaStep(name: first.name, sql: first.sql + " -- harmless")
        let error = #expect(throws: SQLiteError.self) { try db.migrate([edited, second]) }
        #expect(error?.code == .migrationChanged)
        #expect(error?.message.contains("0001_a") == true)
    }

    @Test func aDatabaseOfANewerReleaseIsRefused() throws {
        let db = try opened()
        try db.migrate([first, second])
        let error = #expect(throws: SQLiteError.self) { try db.migrate([first]) }
        #expect(error?.code == .newerDatabase)
        #expect(error?.message.contains("0002_b") == true)
    }

    @Test func aStepThatFailsLeavesNothingBehind() throws {
        let db = try opened()
        let broken = SchemaStep(name: "0002_b", sql: "CREATE TABLE b(x); CREATE TABLE a(x);")
        #expect(throws: SQLiteError.self) { try db.migrate([first, broken]) }
        let tables: [String] = try db.all("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        #expect(tables == ["a", "migrations"])
        let found4 = try db.migrate([first, second])
        #expect(found4 == ["0002_b"])
    }
}
