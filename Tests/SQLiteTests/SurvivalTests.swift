import CSQLite
import Glibc
import SQLite
import TestSupport
import Testing

/// What the writer keeps when its process or its disk fails.
@Suite struct SurvivalTests {
    /// A child writes from 16 callers, notes every acknowledged id in a ledger, and is killed at a random moment.
    @Test(.timeLimit(.minutes(2)))
    func everyAcknowledgedRowIsThereOnceAfterKill9() async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("k.sqlite")
        let ledger = folder.file("ledger")
        let seed = UInt64.random(in: 1...UInt64.max)
        var random = SplitMix(state: seed)
        for round in 0..<12 {
            let microseconds = useconds_t(2000 + random.next() % 120_000)
            await #expect(processExitsWith: .signal(SIGKILL), "round \(round), seed \(seed)") {
                [
                    path = path as String, ledger = ledger as String, round = round as Int,
                    microseconds = microseconds as useconds_t
                ] in
                try await writeUntilKilled(path, ledger: ledger, round: round, after: microseconds)
            }
        }
        let acknowledged = readLines(ledger).compactMap { Int64($0) }
        let db = try Connection(path, .writer)
        let found1 = try db.integrityProblems()
        #expect(found1 == [])
        let rows: [Int64] = try db.all("SELECT key FROM t")
        let present = Set(rows)
        #expect(present.count == rows.count, "a row twice; seed \(seed)")
        #expect(!acknowledged.isEmpty)
        #expect(acknowledged.allSatisfy(present.contains), "an acknowledged row is lost; seed \(seed)")
        let failed: Int = try db.one("SELECT count(*) FROM t WHERE key % 7 = 0")
        #expect(failed == 0, "a body that threw left its row; seed \(seed)")
    }

    @Test(.enabled(if: geteuid() == 0, "needs root: a full disk is a small tmpfs"))
    func aFullDiskIsRefusedAndWorkGoesOnWhenThereIsRoom() async throws {
        let folder = try TemporaryFolder()
        let disk = folder.file("disk")
        try #require(mkdir(disk, 0o700) == 0)
        try #require(mount("tmpfs", disk, "tmpfs", 0, "size=8m") == 0)
        defer { umount2(disk, Int32(MNT_DETACH)) }
        try writeFile(disk + "/ballast", String(repeating: "x", count: 2 << 20))
        let writer = try Writer(disk + "/q.sqlite")
        try await writer.exclusive { db in
            try db.script("CREATE TABLE t(id INTEGER PRIMARY KEY, data BLOB) STRICT")
        }
        var stored: [Int] = []
        var refusal: SQLiteError?
        for id in 1...200 where refusal == nil {
            do {
                try await writer.write { db in _ = try db.run("INSERT INTO t VALUES (?, zeroblob(200000))", id) }
                stored.append(id)
            } catch let error as SQLiteError {
                refusal = error
            }
        }
        #expect(refusal?.code == .full)
        // A big row that does not fit must not take the small ones of its group with it.
        let outcomes = await withTaskGroup(of: (Int, SQLiteError?).self) { group in
            for (id, size) in [(9000, 4_000_000), (9001, 1)] {
                group.addTask {
                    do {
                        try await writer.write { db in
                            _ = try db.run("INSERT INTO t VALUES (?, zeroblob(?))", id, size)
                        }
                        return (id, nil)
                    } catch {
                        return (id, error as? SQLiteError)
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = .some($1.1) }
        }
        #expect(outcomes[9000].flatMap { $0 }?.code == .full)
        if outcomes[9001].flatMap({ $0 }) == nil { stored.append(9001) }
        #expect(truncate(disk + "/ballast", 0) == 0)
        try await writer.write { db in _ = try db.run("INSERT INTO t VALUES (9002, zeroblob(100000))") }
        stored.append(9002)
        let ids: [Int] = try await writer.write { db in try db.all("SELECT id FROM t ORDER BY id") }
        #expect(ids == stored)
        #expect(try await writer.exclusive { db in try db.integrityProblems() } == [])
    }
}

private func writeUntilKilled(
    _ path: String, ledger: String, round: Int, after microseconds: useconds_t
) async throws {
    let writer = try Writer(path)
    try await writer.exclusive { db in
        try db.script("CREATE TABLE IF NOT EXISTS t(id INTEGER PRIMARY KEY, key INTEGER UNIQUE, data BLOB) STRICT")
    }
    let notes = open(ledger, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    var thread = pthread_t()
    let delay = UnsafeMutablePointer<useconds_t>.allocate(capacity: 1)
    delay.pointee = microseconds
    pthread_create(
        &thread, nil,
        { delay in
            if let delay { usleep(delay.load(as: useconds_t.self)) }
            kill(getpid(), SIGKILL)
            return nil
        }, delay)
    struct Stop: Error {}
    await withTaskGroup(of: Void.self) { group in
        for caller in 0..<16 {
            group.addTask {
                for number in 0..<1_000_000 {
                    let key = Int64(round) << 40 | Int64(caller) << 32 | Int64(number)
                    do {
                        try await writer.write { db in
                            try db.run("INSERT INTO t(key, data) VALUES (?, zeroblob(300))", key)
                            if key.isMultiple(of: 7) { throw Stop() }
                        }
                    } catch { continue }
                    // One write of one line to an O_APPEND file is whole or not at all when the process is killed.
                    let line = Array("\(key)\n".utf8)
                    _ = line.withUnsafeBytes { write(notes, $0.baseAddress, $0.count) }
                }
            }
        }
    }
}

/// A small generator with a seed that a failure can print.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
