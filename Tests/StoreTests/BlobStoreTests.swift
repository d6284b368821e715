import Crypto
import FactoryProtocol
import FactoryStore
import Glibc
import IO
import Testing

@Suite struct BlobStoreTests {
    @Test func anUploadOfManyPartsIsWrittenByAFewThreads() async throws {
        let root = try Directory.temporary()
        defer { try? Directory.remove(root) }
        let threads = BlockingThreads("test", most: 4)
        let store = try BlobStore(root: root, threads: threads)
        let upload = try Upload(attempt: "a.1", digest: digest)
        let parts = stride(from: 0, to: bytes.count, by: 250).map { Array(bytes[$0..<$0 + 250]) }
        #expect(parts.count == 400)
        _ = try await store.receive(upload, from: 0, total: Int64(bytes.count), next: feed(parts))
        #expect(try FileIO.read(store.path(of: digest), limit: 1 << 20) == bytes)
        #expect((1...4).contains(threads.started), "\(threads.started) threads for 400 parts")
    }

    @Test func aBlobThatNobodyAskedForCanBeDiscarded() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count), next: feed([bytes]))
        #expect(try fixture.store.unused(for: .seconds(3600)) == [], "it has just come")
        // After a restart nobody has asked for it. A negative age: the file is of this very second.
        let again = try BlobStore(root: fixture.root + "/store")
        try fixture.put([1], at: fixture.root + "/store/blobs/sha256/\(digest.hex).corrupt")
        #expect(try again.unused(for: .seconds(-10)) == [digest])
        _ = try await again.received(upload)
        #expect(again.leave([digest]) == [], "an attempt counts on it")
        let third = try BlobStore(root: fixture.root + "/store")
        #expect(third.leave([digest]) == [digest])
        #expect(!third.holds(digest), "nobody may refer to it any more")
        try third.discard([digest])
        #expect(try third.size(of: digest) == nil)
        try third.discard([digest])
        try third.emptyTrash()
        #expect(try Directory.entries(fixture.root + "/store/trash").isEmpty)
    }

    @Test func aBlobThatIsAskedForWhileItLeavesStaysAndSoDoesOneThatIsKept() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count), next: feed([bytes]))
        let asked = try BlobStore(root: fixture.root + "/store")
        #expect(asked.leave([digest]) == [digest])
        #expect(try await asked.received(upload) == Int64(bytes.count))
        #expect(asked.holds(digest))
        try asked.discard([digest])
        #expect(asked.holds(digest))
        let kept = try BlobStore(root: fixture.root + "/store")
        #expect(kept.leave([digest]) == [digest])
        kept.keep([digest])
        #expect(kept.holds(digest))
    }

    @Test func onlyIncomingIsOpenToTheGroup() async throws {
        let fixture = try Fixture()
        let incoming = try fixture.store.incoming(attempt: "a.1")
        for attempt in ["a.1", "b.1"] {
            let upload = try Upload(attempt: attempt, digest: digest)
            _ = try await fixture.store.receive(upload, from: 0, total: 9, next: feed([[1, 2]]))
            var status = stat()
            try #require(stat(fixture.root + "/store/uploads/" + attempt, &status) == 0)
            #expect(status.st_mode & 0o022 == 0, "nobody but the daemon may exchange what is being published")
        }
        var status = stat()
        try #require(stat(incoming, &status) == 0)
        #expect(status.st_mode & 0o700 == 0o700)
    }

    @Test func whatEndedAttemptsLeftIsFound() async throws {
        let fixture = try Fixture()
        for attempt in ["a.1", "b.1", "c.1"] {
            let upload = try Upload(attempt: attempt, digest: digest)
            _ = try await fixture.store.receive(upload, from: 0, total: 9, next: feed([[1, 2]]))
            _ = try fixture.store.incoming(attempt: attempt)
        }
        #expect(try fixture.store.leftovers(except: ["b.1"]) == ["a.1", "c.1"])
        for attempt in ["a.1", "c.1"] { try fixture.store.endAttempt(attempt) }
        #expect(try fixture.store.leftovers(except: ["b.1"]) == [])
        #expect(try await fixture.store.received(Upload(attempt: "b.1", digest: digest)) == 2)
    }

    @Test func anUploadInPartsBecomesABlob() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "01B.iso.1", digest: digest)
        let total = Int64(bytes.count)
        #expect(
            try await fixture.store.receive(
                upload, from: 0, total: total, next: feed([Array(bytes[..<10]), Array(bytes[10..<5000])])) == 5000)
        #expect(try fixture.store.size(of: digest) == nil)
        #expect(try await fixture.store.received(upload) == 5000)
        #expect(
            try await fixture.store.receive(upload, from: 5000, total: total, next: feed([Array(bytes[5000...])]))
                == total)
        #expect(try fixture.content(digest) == bytes)
        #expect(try await fixture.store.received(upload) == total)
    }

    @Test func aBlobThatIsHereIsNotTakenAgain() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count), next: feed([bytes]))
        let second = try Upload(attempt: "b.1", digest: digest)
        let had = try await fixture.store.receive(second, from: 0, total: Int64(bytes.count)) {
            Issue.record("bytes were asked for")
            return []
        }
        #expect(had == Int64(bytes.count))
    }

    @Test func otherBytesThanPromisedAreThrownAway() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        var wrong = bytes
        wrong[5] ^= 1
        #expect(
            await code {
                _ = try await fixture.store.receive(upload, from: 0, total: Int64(wrong.count), next: feed([wrong]))
            } == .digestMismatch)
        #expect(try fixture.store.size(of: digest) == nil)
        #expect(try await fixture.store.received(upload) == 0)
    }

    @Test func aPartMustBeginWhereTheUploadEnds() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        #expect(
            await code { _ = try await fixture.store.receive(upload, from: 5, total: 10, next: feed([])) } == .badRange)
        #expect(
            await code { _ = try await fixture.store.receive(upload, from: 0, total: 10, next: feed([bytes])) }
                == .badRange)
    }

    @Test func anErrorOfTheSenderKeepsWhatCame() async throws {
        struct Lost: Error {}
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        var sent = false
        await #expect(throws: Lost.self) {
            _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count)) {
                if sent { throw Lost() }
                sent = true
                return Array(bytes[..<777])
            }
        }
        #expect(try await fixture.store.received(upload) == 777)
    }

    @Test func aFileOfTheSameHostIsMovedAndHashed() async throws {
        let fixture = try Fixture()
        let folder = try fixture.store.incoming(attempt: "a.1")
        try fixture.put(bytes, at: folder + "/image.iso")
        try await fixture.store.take(file: "image.iso", as: Upload(attempt: "a.1", digest: digest))
        #expect(try fixture.content(digest) == bytes)
        #expect(try FileIO.status(folder + "/image.iso") == nil)
    }

    @Test func aMovedFileMustBeAPlainFileOfTheAttempt() async throws {
        let fixture = try Fixture()
        let folder = try fixture.store.incoming(attempt: "a.1")
        try fixture.put(bytes, at: fixture.root + "/secret")
        #expect(symlink(fixture.root + "/secret", folder + "/link") == 0)
        for name in ["link", "../../../secret", "/etc/passwd", "..", "", "missing"] {
            #expect(
                await code {
                    try await fixture.store.take(file: name, as: Upload(attempt: "a.1", digest: digest))
                } == .badName, "\(name)")
        }
        #expect(try fixture.store.size(of: digest) == nil)
    }

    @Test func anUploadThatWasWholeWhenTheDaemonWasKilledIsPublishedWhenItIsAskedFor() async throws {
        let fixture = try Fixture()
        let folder = fixture.root + "/store/uploads/a.1"
        try Directory.make(folder)
        try fixture.put(bytes, at: "\(folder)/\(digest.hex).whole")
        let upload = try Upload(attempt: "a.1", digest: digest)
        #expect(try await fixture.store.received(upload) == Int64(bytes.count))
        #expect(try fixture.content(digest) == bytes)
    }

    @Test func anAttemptThatEndsWhileItSendsPublishesNothing() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        var parts = [bytes, []][...]
        let ended = await code {
            _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count)) {
                if parts.count == 1 { try fixture.store.endAttempt("a.1") }
                return parts.removeFirst()
            }
        }
        #expect(ended == .attemptEnded)
        #expect(try fixture.store.size(of: digest) == nil)
    }

    @Test func twoRequestsCannotSendOneUpload() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        var parts = [bytes, []][...]
        _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count)) {
            let second = await code {
                _ = try await fixture.store.receive(upload, from: 0, total: 10) { [] }
            }
            #expect(second == .busy)
            return parts.removeFirst()
        }
        #expect(try fixture.content(digest) == bytes)
    }

    @Test(arguments: ["..", "a/b", "", "."]) func anAttemptsNameNeverLeavesItsFolder(name: String) async {
        #expect(await code { _ = try Upload(attempt: name, digest: digest) } == .badName)
    }

    @Test func whatAnAttemptLeftHalfDoneGoesWithIt() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        _ = try await fixture.store.receive(upload, from: 0, total: 10, next: feed([[1, 2, 3]]))
        _ = try fixture.store.incoming(attempt: "a.1")
        try fixture.store.endAttempt("a.1")
        #expect(try await fixture.store.received(upload) == 0)
        #expect(try Directory.entries(fixture.root + "/store/uploads").isEmpty)
        #expect(try Directory.entries(fixture.root + "/store/incoming").isEmpty)
        try fixture.store.endAttempt("never-seen.1")
    }

    @Test func aBlobThatRottedIsSetAside() async throws {
        let fixture = try Fixture()
        let upload = try Upload(attempt: "a.1", digest: digest)
        _ = try await fixture.store.receive(upload, from: 0, total: Int64(bytes.count), next: feed([bytes]))
        try await fixture.store.verify(digest)
        let path = fixture.store.path(of: digest)
        #expect(chmod(path, 0o640) == 0)
        let file = try FileIO.open(path, O_WRONLY)
        try FileIO.write([0xff], to: file, at: 3)
        #expect(await code { try await fixture.store.verify(digest) } == .damaged)
        #expect(try fixture.store.size(of: digest) == nil)
        #expect(await code { try await fixture.store.verify(digest) } == .damaged)
        #expect(await code { _ = try fixture.store.open(digest) } == .damaged)
    }

    private func fill(_ path: String, kibibytes: Int) throws {
        let file = try FileIO.open(path, O_WRONLY | O_CREAT)
        try FileIO.write([UInt8](repeating: 0, count: kibibytes << 10), to: file)
    }

    private static let parts = stride(from: 0, to: bytes.count, by: 10_000).map {
        Array(bytes[$0..<min($0 + 10_000, bytes.count)])
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
    func whatDoesNotFitBesideTheReserveIsRefusedBeforeAByteIsAskedFor() async throws {
        try await Fixture.onSmallDisk("1m", reserve: 960 << 10) { store, _ in
            let upload = try Upload(attempt: "a.1", digest: digest)
            let asked = Locked(0)
            let refusal = await code {
                _ = try await store.receive(upload, from: 0, total: Int64(bytes.count)) {
                    asked.withLock { $0 += 1 }
                    return bytes
                }
            }
            #expect(refusal == .diskFull)
            #expect(asked.withLock { $0 } == 0)
            #expect(try await store.received(upload) == 0)
            // A small one fits.
            let small = Array(bytes[..<1000])
            let name = Digest(hash: SHA256.hash(small))
            let other = try Upload(attempt: "a.1", digest: name)
            #expect(try await store.receive(other, from: 0, total: 1000, next: feed([small])) == 1000)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
    func twoUploadsThatFitOnlyAloneAreNotBothTaken() async throws {
        try await Fixture.onSmallDisk("256k", reserve: 64 << 10) { store, _ in
            let first = try Upload(attempt: "a.1", digest: digest)
            let second = try Upload(attempt: "b.1", digest: digest)
            var refusal: StoreError.Code?
            var rest = Self.parts[...]
            let total = Int64(bytes.count)
            #expect(
                try await store.receive(first, from: 0, total: total) {
                    if refusal == nil {
                        refusal = await code {
                            _ = try await store.receive(second, from: 0, total: total, next: feed(Self.parts))
                        }
                    }
                    return rest.popFirst() ?? []
                } == total)
            #expect(refusal == .roomTaken, "the first may still fail")
            // It has not: now nothing is left to wait for.
            let other = try Upload(attempt: "b.1", digest: Digest(hash: SHA256.hash([1])))
            #expect(
                await code { _ = try await store.receive(other, from: 0, total: total, next: feed([])) } == .diskFull)
        }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
    func anUploadThatWaitsForAnotherKeepsWhatCameAndGoesOnWhenThatFails() async throws {
        struct Lost: Error {}
        try await Fixture.onSmallDisk("256k", reserve: 64 << 10) { store, _ in
            let total = Int64(bytes.count)
            let first = try Upload(attempt: "a.1", digest: digest)
            #expect(try await store.receive(first, from: 0, total: total, next: feed([Self.parts[0]])) == 10_000)
            let other = try Upload(attempt: "b.1", digest: Digest(hash: SHA256.hash([1])))
            var refusal: StoreError.Code?
            await #expect(throws: Lost.self) {
                _ = try await store.receive(other, from: 0, total: 120 << 10) {
                    refusal = await code {
                        _ = try await store.receive(first, from: 10_000, total: total, next: feed([]))
                    }
                    throw Lost()
                }
            }
            #expect(refusal == .roomTaken)
            #expect(try await store.received(first) == 10_000)
            let rest = Array(Self.parts[1...])
            #expect(try await store.receive(first, from: 10_000, total: total, next: feed(rest)) == total)
        }
    }

    /// Others fill the disk while the bytes come.
    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
    func aDiskThatFillsUnderAnUploadKeepsNothingOfItAndItFitsLater() async throws {
        try await Fixture.onSmallDisk("256k", reserve: 0) { store, root in
            let filler = root + "/filler"
            let upload = try Upload(attempt: "a.1", digest: digest)
            let total = Int64(bytes.count)
            var rest = Self.parts[...]
            let refusal = await code {
                _ = try await store.receive(upload, from: 0, total: total) {
                    if rest.count == Self.parts.count - 3 { try self.fill(filler, kibibytes: 190) }
                    return rest.popFirst() ?? []
                }
            }
            #expect(refusal == .diskFull)
            #expect(try await store.received(upload) == 0)
            #expect(try store.size(of: digest) == nil)
            #expect(unlink(filler) == 0)
            #expect(try await store.receive(upload, from: 0, total: total, next: feed(Self.parts)) == total)
            #expect(try FileIO.read(store.path(of: digest), limit: 1 << 20) == bytes)
        }
    }

    @Test func theReserveFitsTheDisk() {
        func mebibytes(_ disk: Int64) -> Int64 { StoreRoom.standardReserve(ofDisk: disk << 20) >> 20 }
        #expect([16, 48, 1024, 102_400, 0].map(mebibytes) == [4, 8, 64, 1024, 0])
        #expect(StoreRoom.standardReserve(ofDisk: .max) == 1 << 30)
    }

    struct Case: Sendable {
        let free: Int64
        let reserve: Int64
        let bytes: Int64
        let others: Int64
        let verdict: StoreRoom.Verdict
    }

    private static let cases = [
        Case(free: 100, reserve: 40, bytes: 60, others: 0, verdict: .fits),
        Case(free: 100, reserve: 40, bytes: 61, others: 0, verdict: .never),
        Case(free: 100, reserve: 40, bytes: 50, others: 11, verdict: .later),
        Case(free: 30, reserve: 40, bytes: 0, others: 0, verdict: .never),
        Case(free: 100, reserve: 0, bytes: .max, others: 0, verdict: .never),
        Case(free: 100, reserve: 0, bytes: 1, others: .max, verdict: .later),
        Case(free: 0, reserve: .max, bytes: 0, others: 0, verdict: .never),
    ]

    @Test(arguments: cases) func whatFitsIsDecidedWithoutOverflow(_ row: Case) {
        #expect(
            StoreRoom(free: row.free, reserve: row.reserve).verdict(on: row.bytes, beside: row.others) == row.verdict)
    }
}
