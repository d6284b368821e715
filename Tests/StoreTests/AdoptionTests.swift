import Crypto
import FactoryProtocol
import FactoryStore
import Glibc
import IO
import Processes
import Testing

/// Files that workers of the same host hand over: whatever their writer still can do, the blob stays what was verified.
@Suite(.timeLimit(.minutes(2))) struct AdoptionTests {
    /// What their writer kept of the file.
    enum Hold: String, Sendable, CaseIterable {
        case nothing
        case openDescriptor
        case writableMapping
        case secondName
    }

    private static let user: uid_t = 12_345

    private func expectOwn(_ path: String) throws {
        let status = try #require(try FileIO.status(path))
        #expect(status.user == geteuid())
        #expect(status.permissions == 0o440)
        #expect(status.links == 1)
    }

    @Test(arguments: Hold.allCases, [false, true])
    func whatWasVerifiedStays(hold: Hold, isForeign: Bool) async throws {
        // Only root can make files of other users.
        if isForeign && geteuid() != 0 { return }
        let fixture = try Fixture()
        let path = try fixture.store.incoming(attempt: "a.1") + "/image.iso"
        try fixture.put(bytes, at: path)
        if isForeign { try #require(chown(path, Self.user, Self.user) == 0) }
        let before = try #require(try FileIO.status(path))
        let writer = try FileIO.open(path, O_RDWR)
        var mapping: UnsafeMutableRawPointer?
        let kept = fixture.root + "/kept"
        switch hold {
        case .nothing: writer.close()
        case .openDescriptor: break
        case .writableMapping:
            mapping = mmap(nil, bytes.count, PROT_READ | PROT_WRITE, MAP_SHARED, writer.rawValue, 0)
            try #require(mapping != MAP_FAILED)
            writer.close()
        case .secondName:
            try #require(link(path, kept) == 0)
            writer.close()
        }
        defer { if let mapping { munmap(mapping, bytes.count) } }
        try await fixture.store.take(file: "image.iso", as: Upload(attempt: "a.1", digest: digest))
        switch hold {
        case .nothing: break
        case .openDescriptor: try FileIO.write([0xff, 0xff], to: writer, at: 5)
        case .writableMapping: mapping?.storeBytes(of: 0xffff, as: UInt16.self)
        case .secondName: try FileIO.write([0xff, 0xff], to: FileIO.open(kept, O_WRONLY), at: 5)
        }
        let blob = fixture.store.path(of: digest)
        #expect(try fixture.content(digest) == bytes)
        try expectOwn(blob)
        if hold != .nothing || isForeign { #expect(try FileIO.status(blob)?.inode != before.inode) }
        #expect(try Directory.walk(fixture.root + "/store/uploads").map(\.name) == ["a.1"])
        #expect(try Directory.entries(fixture.root + "/store/incoming/a.1").isEmpty)
    }

    @Test func whatNobodyElseCanReachIsNotCopied() async throws {
        let fixture = try Fixture()
        let deadline = Deadline.in(.seconds(30))
        var number: UInt8 = 0
        while true {
            let content = bytes + [number]
            let upload = try Upload(attempt: "a.\(number)", digest: Digest(hash: SHA256.hash(content)))
            let path = try fixture.store.incoming(attempt: upload.attempt) + "/image.iso"
            try fixture.put(content, at: path)
            let inode = try #require(try FileIO.status(path)?.inode)
            try await fixture.store.take(file: "image.iso", as: upload)
            if try FileIO.status(fixture.store.path(of: upload.digest))?.inode == inode { return }
            // A program that another test just starts has a copy of the descriptor until its exec.
            try #require(!deadline.hasPassed && number < 200)
            number += 1
        }
    }

    @Test(.enabled(if: geteuid() == 0, "another user's process tries it: needs root"))
    func theWritersUserCannotChangeTheBlob() async throws {
        let fixture = try Fixture()
        // The other user's way to the blob is open; what stops him is the file alone.
        for path in [fixture.root, fixture.root + "/store", fixture.root + "/store/blobs"] {
            try #require(chmod(path, 0o755) == 0)
        }
        let path = try fixture.store.incoming(attempt: "a.1") + "/image.iso"
        try fixture.put(bytes, at: path)
        try #require(chown(path, Self.user, Self.user) == 0)
        try await fixture.store.take(file: "image.iso", as: Upload(attempt: "a.1", digest: digest))
        let blob = fixture.store.path(of: digest)
        try #require(chmod(FileIO.parent(blob), 0o755) == 0)
        for script in ["chmod 0660 \(blob)", "echo x >> \(blob)"] {
            let (result, _) = try await Command(
                "setpriv", ["--reuid", "12345", "--regid", "12345", "--clear-groups", "sh", "-c", script]
            ).output(until: .in(.seconds(20)))
            #expect(!result.isSuccess, "\(script)")
        }
        #expect(try fixture.content(digest) == bytes)
    }

    @Test(arguments: [false, true]) func otherBytesThanPromisedAreNotKeptOfACopyEither(isForeign: Bool) async throws {
        if isForeign && geteuid() != 0 { return }
        let fixture = try Fixture()
        let path = try fixture.store.incoming(attempt: "a.1") + "/image.iso"
        try fixture.put(bytes + [1], at: path)
        if isForeign { try #require(chown(path, Self.user, Self.user) == 0) }
        let refusal = await code {
            try await fixture.store.take(file: "image.iso", as: Upload(attempt: "a.1", digest: digest))
        }
        #expect(refusal == .digestMismatch)
        #expect(try fixture.store.size(of: digest) == nil)
        #expect(try Directory.entries(fixture.root + "/store/uploads/a.1").isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "files of another user: needs root"))
    func aCopyThatACrashCutIsMadeAgainWhenItIsAskedFor() async throws {
        let fixture = try Fixture()
        let folder = fixture.root + "/store/uploads/a.1"
        try Directory.make(folder)
        try fixture.put(bytes, at: "\(folder)/\(digest.hex).whole")
        try #require(chown("\(folder)/\(digest.hex).whole", Self.user, Self.user) == 0)
        try fixture.put([1, 2, 3], at: "\(folder)/\(digest.hex).whole.copy")
        #expect(try await fixture.store.received(Upload(attempt: "a.1", digest: digest)) == Int64(bytes.count))
        #expect(try fixture.content(digest) == bytes)
        try expectOwn(fixture.store.path(of: digest))
        #expect(try Directory.entries(folder).isEmpty)
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
    func whatIsMovedNeedsNoRoomAndWhatIsCopiedMustFit() async throws {
        try await Fixture.onSmallDisk("256k", reserve: 160 << 10) { store, root in
            let folder = try store.incoming(attempt: "a.1")
            let file = try FileIO.open(folder + "/image.iso", O_WRONLY | O_CREAT)
            try FileIO.write(bytes, to: file)
            file.close()
            #expect(try store.room().isShort)
            try #require(chown(folder + "/image.iso", Self.user, Self.user) == 0)
            let upload = try Upload(attempt: "a.1", digest: digest)
            #expect(await code { try await store.take(file: "image.iso", as: upload) } == .diskFull)
            try #require(chown("\(root)/store/uploads/a.1/\(digest.hex).whole", geteuid(), getegid()) == 0)
            try await store.take(file: "image.iso", as: upload)
            #expect(try store.size(of: digest) == Int64(bytes.count))
        }
    }
}
