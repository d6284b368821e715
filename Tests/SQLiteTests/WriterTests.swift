import SQLite
import TestSupport
import Testing

@Suite struct WriterTests {
    let folder: TemporaryFolder
    let writer: Writer
    var path: String { folder.file("w.sqlite") }

    init() async throws {
        folder = try TemporaryFolder()
        writer = try Writer(folder.file("w.sqlite"))
        try await writer.exclusive { db in try db.script("CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB) STRICT") }
    }

    @Test func aHundredCallersAreEachAnsweredAndAllIsThere() async throws {
        let writer = writer
        try await withThrowingTaskGroup(of: Int.self) { group in
            for id in 1...1000 {
                group.addTask { try await writer.write { db in try db.run("INSERT INTO t(id) VALUES (?)", id) } }
            }
            for try await changed in group { #expect(changed == 1) }
        }
        let readers = try Readers(path, count: 2)
        let count: Int = try await readers.read { db in try db.one("SELECT count(*) FROM t") }
        #expect(count == 1000)
    }

    @Test func aBodyThatThrowsUndoesOnlyItself() async throws {
        let writer = writer
        struct Stop: Error {}
        let failures = await withTaskGroup(of: Bool.self) { group in
            for id in 1...200 {
                group.addTask {
                    do {
                        try await writer.write { db in
                            try db.run("INSERT INTO t(id) VALUES (?)", id)
                            if id.isMultiple(of: 3) { throw Stop() }
                        }
                        return false
                    } catch {
                        return error is Stop
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 66)
        let ids: [Int] = try await writer.write { db in try db.all("SELECT id FROM t ORDER BY id") }
        #expect(ids == (1...200).filter { !$0.isMultiple(of: 3) })
    }

    @Test func whatWasAnsweredIsSeenByAReaderAtOnce() async throws {
        let readers = try Readers(path)
        for id in 1...50 {
            try await writer.write { db in _ = try db.run("INSERT INTO t(id) VALUES (?)", id) }
            let top: Int = try await readers.read { db in try db.one("SELECT max(id) FROM t") }
            #expect(top == id)
        }
    }

    @Test func aBackupTakenWhileWritingIsSoundAndWhole() async throws {
        let writer = writer
        let readers = try Readers(path, count: 1)
        let copy = folder.file("copy.sqlite")
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                for id in 1...2000 {
                    try await writer.write { db in
                        _ = try db.run("INSERT INTO t VALUES (?, zeroblob(500))", id)
                    }
                }
            }
            group.addTask { try await readers.backup(to: copy) }
            try await group.waitForAll()
        }
        try await readers.backup(to: copy)
        let db = try Connection(copy, .reader)
        let found1 = try db.integrityProblems()
        #expect(found1 == [])
        let count: Int = try db.one("SELECT count(*) FROM t")
        #expect(count == 2000)
    }

    @Test func aCheckpointEmptiesTheLog() async throws {
        try await writer.write { db in _ = try db.run("INSERT INTO t VALUES (1, zeroblob(100000))") }
        #expect(try await writer.exclusive { db in try db.checkpoint() })
    }
}
