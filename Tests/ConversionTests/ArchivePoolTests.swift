import Crypto
import FactoryProtocol
import Glibc
import IO
import TestSupport
import Testing

@testable import FactoryConversion

/// Package files and indexes that are kept between jobs.
struct ArchivePoolTests {
    let folder: TemporaryFolder
    let pool: ArchivePool
    init() throws {
        folder = try TemporaryFolder()
        pool = ArchivePool(directory: folder.file("pool"))
    }

    private func file(_ content: String) throws -> ArchiveFile {
        let digest = Digest(hash: SHA256.hash(Array(content.utf8)))
        let line = "'http://mirror.example/a_1_all.deb' a_1_all.deb \(content.utf8.count) SHA256:\(digest.hex)"
        return try #require(ArchiveFile(line))
    }

    private func keep(_ content: String) async throws -> ArchiveFile {
        let file = try file(content)
        try Directory.make(folder.file("fetched"))
        try AtomicFile.write(Array(content.utf8), to: folder.file("fetched/a_1_all.deb"))
        try Directory.make(pool.directory)
        try await pool.keep([file], from: folder.file("fetched"))
        return file
    }

    @Test func whatIsKeptIsShownToTheNextJob() async throws {
        let file = try await keep("package")
        #expect(try await pool.fill(folder.file("job"), with: [file]).isEmpty)
        #expect(try FileIO.readText(folder.file("job/a_1_all.deb"), limit: 100) == "package")
    }

    @Test(
        "a file that a power cut spoiled is fetched again and replaced, whatever its size",
        arguments: ["", "\0\0\0\0\0\0\0", "longer than it should be"])
    func spoiled(content: String) async throws {
        let file = try await keep("package")
        try AtomicFile.write(Array(content.utf8), to: pool.directory + "/\(file.digest.hex).deb")
        #expect(try await pool.fill(folder.file("job"), with: [file]) == [file])
        #expect(try FileIO.status(folder.file("job/a_1_all.deb")) == nil)
        _ = try await keep("package")
        #expect(try await pool.fill(folder.file("job"), with: [file]).isEmpty)
    }

    @Test func whatIsNotWhatItShouldBeIsNotKept() async throws {
        try Directory.make(folder.file("fetched"))
        try AtomicFile.write(Array("other".utf8), to: folder.file("fetched/a_1_all.deb"))
        try Directory.make(pool.directory)
        try await pool.keep([try file("package")], from: folder.file("fetched"))
        #expect(try Directory.entries(pool.directory).isEmpty)
    }

    @Test func theLongestUnusedGoesFirst() async throws {
        let old = try await keep("old")
        let new = try await keep("newer")
        #expect(utimes(pool.directory + "/\(old.digest.hex).deb", [timeval(), timeval()]) == 0)
        try pool.trim(to: 6)
        #expect(try Directory.entries(pool.directory).map(\.name) == ["\(new.digest.hex).deb"])
    }

    @Test func manyJobsKeepTheirIndexesAtOnceAndNoneFails() async throws {
        let indexes = PackageIndexes(directory: folder.file("indexes"), key: PackageIndexes.key(["base"]))
        let folder = folder
        try await withThrowingTaskGroup(of: Void.self) { group in
            for job in 0..<16 {
                group.addTask {
                    let source = folder.file("lists.\(job)")
                    try Directory.make(source)
                    for name in 0..<20 { try AtomicFile.write(Array("\(job)".utf8), to: "\(source)/\(name)") }
                    for _ in 0..<10 { try indexes.keep(source) }
                }
            }
            try await group.waitForAll()
        }
        try indexes.copy(to: folder.file("copy"))
        #expect(try Directory.entries(folder.file("indexes")).map(\.name) == [indexes.key])
        #expect(try Directory.entries(folder.file("copy")).count == 21)
    }
}
