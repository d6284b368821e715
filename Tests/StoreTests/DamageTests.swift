import Crypto
import FactoryProtocol
import FactoryStore
import Glibc
import HTTP
import IO
import Testing

/// Blobs whose bytes the disk changed: whoever brings the right ones heals them, and nobody is told that they are here.
@Suite(.timeLimit(.minutes(2))) struct DamageTests {
    /// What became of the file.
    enum Damage: String, Sendable, CaseIterable {
        case otherByte
        case emptied
        case longer

        func apply(to path: String) throws {
            try #require(chmod(path, 0o640) == 0)
            let file = try FileIO.open(path, O_WRONLY)
            switch self {
            case .otherByte: try FileIO.write([0xff], to: file, at: 50_003)
            case .emptied: try #require(ftruncate(file.rawValue, 0) == 0)
            case .longer: try FileIO.write([1], to: file, at: bytes.count)
            }
            try #require(chmod(path, 0o440) == 0)
        }
    }

    /// How the same bytes come a second time.
    enum Way: String, Sendable, CaseIterable {
        case upload
        case uploadAfterAsking
        case move
    }

    @Test(arguments: Damage.allCases, Way.allCases)
    func aDamagedBlobIsReplacedByWhoBringsItAgain(damage: Damage, way: Way) async throws {
        let told = Locked<[Digest]>([])
        let fixture = try Fixture { digest, _ in told.withLock { $0.append(digest) } }
        let total = Int64(bytes.count)
        _ = try await fixture.store.receive(
            Upload(attempt: "a.1", digest: digest), from: 0, total: total, next: feed([bytes]))
        try damage.apply(to: fixture.store.path(of: digest))
        // The next daemon: nothing is remembered.
        let store = try BlobStore(root: fixture.root + "/store") { digest, _ in told.withLock { $0.append(digest) } }
        let again = try Upload(attempt: "b.1", digest: digest)
        switch way {
        case .upload: break
        case .uploadAfterAsking: #expect(try await store.received(again) == 0)
        case .move:
            try fixture.put(bytes, at: try store.incoming(attempt: "b.1") + "/image.iso")
            try await store.take(file: "image.iso", as: again)
        }
        if way != .move {
            #expect(try await store.receive(again, from: 0, total: total, next: feed([bytes])) == total)
        }
        #expect(try fixture.content(digest) == bytes)
        #expect(told.withLock { $0 } == [digest])
        #expect(try store.usage().used >= total)
        let (counted, fresh) = (try store.usage().used, try BlobStore(root: fixture.root + "/store").usage().used)
        #expect(counted == fresh)
    }

    @Test(arguments: Way.allCases) func aSoundBlobStaysTheFileThatItIs(way: Way) async throws {
        let fixture = try Fixture { digest, _ in Issue.record("\(digest) is not damaged") }
        let total = Int64(bytes.count)
        _ = try await fixture.store.receive(
            Upload(attempt: "a.1", digest: digest), from: 0, total: total, next: feed([bytes]))
        let before = try FileIO.status(fixture.store.path(of: digest))?.inode
        let again = try Upload(attempt: "b.1", digest: digest)
        switch way {
        case .upload:
            let end = try await fixture.store.receive(again, from: 0, total: total) {
                Issue.record("bytes of it are asked for")
                return []
            }
            #expect(end == total)
        case .uploadAfterAsking: #expect(try await fixture.store.received(again) == total)
        case .move:
            try fixture.put(bytes, at: try fixture.store.incoming(attempt: "b.1") + "/image.iso")
            try await fixture.store.take(file: "image.iso", as: again)
        }
        #expect(try FileIO.status(fixture.store.path(of: digest))?.inode == before)
    }

    @Test func aBlobOfAnotherSizeThanIsKnownDoesNotCountAsHeld() async throws {
        let fixture = try Fixture()
        let total = Int64(bytes.count)
        _ = try await fixture.store.receive(
            Upload(attempt: "a.1", digest: digest), from: 0, total: total, next: feed([bytes]))
        #expect(fixture.store.holds(digest, size: total) && fixture.store.holds(digest))
        #expect(!fixture.store.holds(digest, size: total + 1))
        try Damage.emptied.apply(to: fixture.store.path(of: digest))
        #expect(!fixture.store.holds(digest, size: total))
    }
}
