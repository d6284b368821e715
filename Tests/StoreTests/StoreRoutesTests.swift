import Crypto
import FactoryProtocol
import FactoryStore
import Glibc
import HTTP
import IO
import Testing

/// The store behind a real server on a Unix socket; `token` belongs to the attempt `a.1`.
@Suite struct StoreRoutesTests {
    private static let content = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 9) }
    private static let digest = Digest(hash: SHA256.hash(content))
    private static let url = "http://localhost/v1/blobs/\(digest)"
    private static let token: HTTPFields = ["Authorization": "Bearer token"]

    private struct Setting: Sendable {
        let folder: String
        let store: BlobStore
        let client: HTTPClient
        let hasEnded = Locked(false)

        func status(
            _ method: HTTPMethod, _ url: String, fields: HTTPFields = [:], body: [UInt8] = []
        ) async throws -> Int {
            try await client.send(method, url, fields: fields, body: body).status
        }

        func put(_ range: Range<Int>, of size: Int = content.count) async throws -> HTTPAnswer {
            var fields = token
            fields.append("Content-Range", ContentRange(part: range, size: size).description)
            return try await client.upload(folder + "/source", range, to: url, fields: fields)
        }
    }

    /// Runs `body` with a store in `folder`, or one of its own.
    private static func run(
        in folder: String? = nil, _ body: @escaping @Sendable (Setting) async throws -> Void
    ) async throws {
        let directory = try Directory.temporary("/tmp/store.")
        try AtomicFile.write(content, to: directory + "/source")
        let errors = Locked<[String]>([])
        let store = try BlobStore(root: (folder ?? directory) + "/store")
        let setting = Setting(folder: directory, store: store, client: HTTPClient(unixSocket: directory + "/h"))
        var router = HTTPRouter()
        let routes = StoreRoutes(
            store, largest: 4_000_000, mayRead: { $0.fields["X-Stranger"] == nil },
            sizeOf: { $0 == digest ? Int64(content.count) : nil }
        ) { token in
            token == "token" && !setting.hasEnded.withLock { $0 } ? "a.1" : nil
        }
        routes.mount(on: &router)
        let mounted = router
        let server = try HTTPServer(onError: { error in errors.withLock { $0.append("\(error)") } }) {
            try await mounted.respond(to: $0)
        }
        let listener = try Listener.unix(directory + "/h")
        let result = await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                await server.run([listener])
                return nil
            }
            group.addTask {
                defer { server.shutdown(grace: .seconds(5)) }
                do { return .success(try await body(setting)) } catch { return .failure(error) }
            }
            var outcome: Result<Void, any Error>?
            for await case let ended? in group { outcome = ended }
            return outcome
        }
        try Directory.remove(directory)
        try result?.get()
        #expect(errors.withLock { $0 } == [])
    }

    @Test func anUploadInPartsIsThereForEverybody() async throws {
        try await Self.run { setting in
            let none = try await setting.client.send(.head, Self.url, fields: Self.token)
            #expect(none.status == 404 && none.fields["Upload-Offset"] == "0")
            let first = try await setting.put(0..<1_700_000)
            #expect(first.status == 202 && first.fields["Upload-Offset"] == "1700000")
            let half = try await setting.client.send(.head, Self.url, fields: Self.token)
            #expect(half.status == 404 && half.fields["Upload-Offset"] == "1700000")
            let second = try await setting.put(1_700_000..<3_000_000)
            #expect(second.status == 201 && second.fields["Upload-Offset"] == "3000000")

            let got = try await setting.client.download(Self.url, to: setting.folder + "/got")
            #expect(Digest(hash: got.hash) == Self.digest && got.tag == Self.digest.description)
            let head = try await setting.client.send(.head, Self.url)
            #expect(head.status == 200 && head.fields["Content-Length"] == "3000000")
            #expect(head.fields["ETag"] == "\"\(Self.digest)\"")
            let range = try await setting.client.send(.get, Self.url, fields: ["Range": "bytes=10-19"])
            #expect(range.status == 206 && range.body == Array(Self.content[10..<20]))
        }
    }

    @Test(arguments: [HTTPMethod.get, .head])
    func aBlobOfAnotherSizeIsAnsweredAsDamaged(method: HTTPMethod) async throws {
        try await Self.run { setting in
            #expect(try await setting.put(0..<Self.content.count).status == 201)
            let path = setting.store.path(of: Self.digest)
            try #require(chmod(path, 0o640) == 0 && truncate(path, 0) == 0)
            // The second time it is not there any more.
            for _ in 1...2 {
                let answer = try await setting.client.send(method, Self.url)
                #expect(answer.status == 500 && answer.fields["Factory-Error"] == "damaged-blob")
                #expect(method == .head || answer.text.contains("store's copy of \(Self.digest) is damaged"))
            }
            // Who delivers is told that it is missing.
            let asked = try await setting.client.send(.head, Self.url, fields: Self.token)
            #expect(asked.status == 404 && asked.fields["Upload-Offset"] == "0")
            #expect(try await setting.put(0..<Self.content.count).status == 201)
            let got = try await setting.client.download(Self.url, to: setting.folder + "/got")
            #expect(Digest(hash: got.hash) == Self.digest)
        }
    }

    @Test func anUploadThatIsWholeAndWasNeverPublishedBecomesABlobWhenAsked() async throws {
        try await Self.run { setting in
            // What a crash between the last byte and the blob leaves.
            try Directory.make(setting.folder + "/store/uploads/a.1")
            try AtomicFile.write(Self.content, to: setting.folder + "/store/uploads/a.1/\(Self.digest.hex)")
            var fields = Self.token
            fields.append("Content-Range", "bytes */\(Self.content.count)")
            #expect(try await setting.status(.put, Self.url, fields: fields) == 201)
            #expect(try await setting.status(.head, Self.url) == 200)
        }
    }

    @Test func aWholeBlobNeedsNoRangeAndOneThatIsThereIsNotTakenAgain() async throws {
        try await Self.run { setting in
            let bytes = Array("small".utf8)
            let url = "http://localhost/v1/blobs/\(Digest(hash: SHA256.hash(bytes)))"
            #expect(try await setting.status(.put, url, fields: Self.token, body: bytes) == 201)
            let got = try await setting.client.send(.get, url)
            #expect(got.body == bytes)
            #expect(try await setting.status(.put, url, fields: Self.token, body: bytes) == 201)
            let nothing = "http://localhost/v1/blobs/\(Digest(hash: SHA256.hash([])))"
            #expect(try await setting.status(.put, nothing, fields: Self.token) == 201)
            #expect(try await setting.status(.get, nothing) == 200)
        }
    }

    @Test func aPartInTheWrongPlaceIsToldTheRightOne() async throws {
        try await Self.run { setting in
            #expect(try await setting.put(0..<1000).status == 202)
            let wrong = try await setting.put(2000..<3000)
            #expect(wrong.status == 409 && wrong.fields["Factory-Error"] == "bad-range")
            #expect(wrong.fields["Upload-Offset"] == "1000")
        }
    }

    @Test func theTokenDiesWithItsAttempt() async throws {
        try await Self.run { setting in
            for fields in [[:], ["Authorization": "Bearer other"], ["Authorization": "token"]] as [HTTPFields] {
                let answer = try await setting.client.upload(
                    setting.folder + "/source", 0..<3_000_000, to: Self.url, fields: fields)
                #expect(answer.status == 401)
            }
            #expect(try await setting.put(0..<1000).status == 202)
            setting.hasEnded.withLock { $0 = true }
            try setting.store.endAttempt("a.1")
            #expect(try await setting.put(1000..<3_000_000).status == 401)
            #expect(try setting.store.size(of: Self.digest) == nil)
        }
    }

    @Test func otherBytesThanTheDigestSaysAreRefused() async throws {
        try await Self.run { setting in
            let answer = try await setting.client.send(.put, Self.url, fields: Self.token, body: Array("other".utf8))
            #expect(answer.status == 422 && answer.fields["Factory-Error"] == "digest-mismatch")
            #expect(try await setting.status(.get, Self.url) == 404)
        }
    }

    @Test func aFileOfTheSameHostIsTakenByItsName() async throws {
        try await Self.run { setting in
            let incoming = try setting.store.incoming(attempt: "a.1")
            try FileIO.rename(setting.folder + "/source", to: incoming + "/image.iso")
            var fields = Self.token
            fields.append("Factory-Moved", "image.iso")
            #expect(try await setting.status(.put, Self.url, fields: fields) == 201)
            #expect(try setting.store.size(of: Self.digest) == 3_000_000)
            // Asked again after a lost answer.
            #expect(try await setting.status(.put, Self.url, fields: fields) == 201)
            let other = "http://localhost/v1/blobs/\(Digest(hash: SHA256.hash([1])))"
            for name in ["../../../etc/passwd", "missing", ".."] {
                var fields = Self.token
                fields.append("Factory-Moved", name)
                let answer = try await setting.client.send(.put, other, fields: fields)
                #expect(answer.status == 400 && answer.fields["Factory-Error"] == "bad-name")
            }
        }
    }

    @Test(arguments: [
        ("bytes 0-4/5000000", 413), ("bytes 0-5/10", 400), ("bytes */5", 400), ("bytes 0-4/*", 400), ("nonsense", 400),
    ])
    func aRangeThatMakesNoSenseIsRefused(range: String, status: Int) async throws {
        try await Self.run { setting in
            var fields = Self.token
            fields.append("Content-Range", range)
            let answer = try await setting.client.send(.put, Self.url, fields: fields, body: Array("12345".utf8))
            #expect(answer.status == status)
        }
    }

    @Test func whoMayNotReadNeedsAToken() async throws {
        try await Self.run { setting in
            let stranger: HTTPFields = ["X-Stranger": "yes"]
            let put = try await setting.put(0..<3_000_000)
            #expect(put.status == 201)
            let refused = try await setting.status(.get, Self.url, fields: stranger)
            #expect(refused == 403)
            var worker = Self.token
            worker.append("X-Stranger", "yes")
            let got = try await setting.client.download(Self.url, to: setting.folder + "/got", fields: worker)
            #expect(got.size > 0)
        }
    }

    @Test func whatIsNoDigestIsRefused() async throws {
        try await Self.run { setting in
            for name in ["sha256:12", "md5:d41d8cd98f00b204e9800998ecf8427e", "x"] {
                let status = try await setting.status(.get, "http://localhost/v1/blobs/\(name)")
                #expect(status == 400)
            }
        }
    }

    @Test(.enabled(if: geteuid() == 0, "mounting a small tmpfs needs root"))
    func aFullDiskIsSaidWith507AndTheUploadIsTakenWhenThereIsRoom() async throws {
        let disk = try Directory.temporary("/tmp/disk.")
        #expect(mount("tmpfs", disk, "tmpfs", 0, "size=4m") == 0)
        defer {
            umount2(disk, Int32(MNT_DETACH))
            rmdir(disk)
        }
        try await Self.run(in: disk) { setting in
            try AtomicFile.write([UInt8](repeating: 0, count: 2 << 20), to: disk + "/filler")
            let full = try await setting.put(0..<3_000_000)
            #expect(full.status == 507 && full.fields["Factory-Error"] == "disk-full")
            #expect(try setting.store.size(of: Self.digest) == nil)
            #expect(unlink(disk + "/filler") == 0)
            let head = try await setting.client.send(.head, Self.url, fields: Self.token)
            #expect(head.fields["Upload-Offset"] == "0")
            #expect(try await setting.put(0..<3_000_000).status == 201)
            let got = try await setting.client.download(Self.url, to: setting.folder + "/got")
            #expect(Digest(hash: got.hash) == Self.digest)
        }
    }
}
