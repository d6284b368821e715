import Crypto
import FactoryProtocol
import FactoryStore
import Glibc
import IO
import Testing

/// What the store says it takes, against what a look at every file finds.
@Suite struct UsageTests {
    private func onDisk(_ fixture: Fixture) throws -> Int64 {
        let folder = fixture.root + "/store/blobs/sha256"
        return try Directory.entries(folder).reduce(0) { sum, entry in
            sum + Int64(try FileIO.status(folder + "/" + entry.name)?.size ?? 0)
        }
    }

    @Test(arguments: [false, true]) func theFigureFollowsEveryBlobThatComesAndGoes(isCountedFirst: Bool) async throws {
        let fixture = try Fixture()
        let store = fixture.store
        if isCountedFirst { #expect(try store.usage().used == 0) }
        // Several attempts that bring the same, at once, and others.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<12 {
                group.addTask {
                    let content = [UInt8](repeating: UInt8(number / 3), count: 1000 + number / 3)
                    let upload = try Upload(attempt: "\(number).1", digest: Digest(hash: SHA256.hash(content)))
                    let folder = try store.incoming(attempt: upload.attempt)
                    try fixture.put(content, at: folder + "/file")
                    try await store.take(file: "file", as: upload)
                    _ = try store.usage()
                }
            }
            try await group.waitForAll()
        }
        #expect(try store.usage().used == 1000 + 1001 + 1002 + 1003)
        #expect(try onDisk(fixture) == 4006)

        let again = try BlobStore(root: fixture.root + "/store")
        #expect(try again.usage().used == 4006)
        let gone = try #require(try again.unused(for: .seconds(-10)).first)
        #expect(again.leave([gone]) == [gone])
        try again.discard([gone])
        #expect(try again.usage().used == onDisk(fixture))
        // By hand: noticed by the next look for what is unused.
        let other = try #require(try again.unused(for: .seconds(-10)).first)
        #expect(unlink(again.path(of: other)) == 0)
        _ = try again.unused(for: .seconds(-10))
        #expect(try again.usage().used == onDisk(fixture))
    }
}
