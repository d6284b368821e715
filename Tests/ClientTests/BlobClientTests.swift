import Crypto
import FactoryClient
import FactoryProtocol
import Glibc
import HTTP
import IO
import Testing

@Suite struct BlobClientTests {
    private static let content = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 >> 8) }
    private static let digest = Digest(hash: SHA256.hash(content))

    /// A store of one blob, whose n-th answer can be another than the blob.
    private static func run(
        answer: @escaping @Sendable (_ request: Int) -> HTTPResponse? = { _ in nil },
        _ body: @escaping @Sendable (_ folder: String, _ requests: Locked<Int>) async throws -> Void
    ) async throws {
        let folder = try Directory.temporary("/tmp/blob.")
        try AtomicFile.write(content, to: folder + "/source")
        let source = try FileIO.open(folder + "/source", O_RDONLY)
        let requests = Locked(0)
        let server = try HTTPServer { request in
            let number = requests.withLock { count in
                count += 1
                return count
            }
            if let response = answer(number) { return response }
            guard request.path == "/v1/blobs/\(digest)" else { throw HTTPError(.notFound, "no such blob") }
            return .file(source, size: content.count, etag: digest.description, for: request)
        }
        let listener = try Listener.unix(folder + "/h")
        let result = await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                await server.run([listener])
                return nil
            }
            group.addTask {
                defer { server.shutdown(grace: .seconds(5)) }
                do { return .success(try await body(folder, requests)) } catch { return .failure(error) }
            }
            var outcome: Result<Void, any Error>?
            for await case let ended? in group { outcome = ended }
            return outcome
        }
        try Directory.remove(folder)
        try result?.get()
    }

    @Test(arguments: ["unix:/nonexistent/h", "http://127.0.0.1:1"])
    func aStoreThatDoesNotAnswerIsNamed(address: String) async throws {
        let folder = try Directory.temporary("/tmp/blob.")
        let error = await #expect(throws: ClientError.self) {
            _ = try await BlobClient(address, tries: 1).fetch(Self.digest, size: 1, to: folder + "/got")
        }
        try Directory.remove(folder)
        #expect(
            error?.code == .cannotConnect && error?.message.contains(address) == true, "\(String(describing: error))")
    }

    private static func part(_ folder: String) -> String { BlobClient.part(of: folder + "/got", digest) }

    private static func fetch(_ folder: String, _ digest: Digest = digest) async throws -> BlobClient.Fetched {
        try await BlobClient("unix:\(folder)/h").fetch(digest, size: 2_000_000, to: folder + "/got")
    }

    private static func code(_ body: () async throws -> Void) async -> ClientError.Code? {
        do {
            try await body()
            return nil
        } catch let error as ClientError {
            return error.code
        } catch {
            Issue.record("\(error) is no ClientError")
            return nil
        }
    }

    @Test func aBlobIsFetchedOnceAndThenKept() async throws {
        try await Self.run { folder, requests in
            let first = try await Self.fetch(folder)
            #expect(first == .fetched(resumedFrom: 0))
            #expect(try FileIO.read(folder + "/got", limit: 3_000_000) == Self.content)
            #expect(try FileIO.status(Self.part(folder)) == nil)
            let second = try await Self.fetch(folder)
            #expect(second == .kept)
            #expect(requests.withLock { $0 } == 1)
        }
    }

    @Test func aCutFetchGoesOn() async throws {
        try await Self.run { folder, _ in
            try AtomicFile.write(Array(Self.content.prefix(1_234_567)), to: Self.part(folder))
            let fetched = try await Self.fetch(folder)
            #expect(fetched == .fetched(resumedFrom: 1_234_567))
            #expect(try FileIO.read(folder + "/got", limit: 3_000_000) == Self.content)
        }
    }

    @Test func wrongBytesAreNeverPutInPlace() async throws {
        try await Self.run { folder, _ in
            // A part of something else: the whole has another digest then, and is not kept.
            try AtomicFile.write([1, 2, 3], to: Self.part(folder))
            #expect(await Self.code { _ = try await Self.fetch(folder) } == .rejected)
            #expect(try FileIO.status(folder + "/got") == nil)
            #expect(try FileIO.status(Self.part(folder)) == nil)
            let fetched = try await Self.fetch(folder)
            #expect(fetched == .fetched(resumedFrom: 0))
        }
    }

    @Test func aLostConnectionIsTriedAgainFromWhereItWasCut() async throws {
        let half: @Sendable (Int) -> HTTPResponse? = { number in
            guard number == 1 else { return nil }
            return HTTPResponse(
                .ok,
                body: .stream { writer in
                    try await writer.write(Array(Self.content.prefix(1_000_000)))
                    throw CancellationError()
                })
        }
        try await Self.run(answer: half) { folder, requests in
            let fetched = try await Self.fetch(folder)
            #expect(fetched == .fetched(resumedFrom: 1_000_000))
            #expect(requests.withLock { $0 } == 2)
        }
    }

    @Test func ofManyThatFetchOneFileOneDoesAndAllHaveIt() async throws {
        try await Self.run { folder, requests in
            let outcomes = try await withThrowingTaskGroup(of: BlobClient.Fetched.self) { group in
                for _ in 0..<6 { group.addTask { try await Self.fetch(folder) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.count { $0 == .kept } == 5)
            #expect(requests.withLock { $0 } == 1)
            #expect(try FileIO.read(folder + "/got", limit: 3_000_000) == Self.content)
            #expect(try FileIO.status(Self.part(folder)) == nil)
        }
    }

    @Test func whereADirectoryStandsNothingIsFetched() async throws {
        try await Self.run { folder, requests in
            try Directory.make(folder + "/got")
            #expect(await Self.code { _ = try await Self.fetch(folder) } == .localFile)
            #expect(requests.withLock { $0 } == 0)
            #expect(try FileIO.status(Self.part(folder)) == nil)
        }
    }

    @Test func whatTheStoreDoesNotHaveIsSaid() async throws {
        try await Self.run { folder, requests in
            let other = Digest(hash: SHA256.hash([]))
            #expect(await Self.code { _ = try await Self.fetch(folder, other) } == .rejected)
            #expect(requests.withLock { $0 } == 1)
        }
    }

    /// How a store fails to give a blob.
    enum Refusal: String, Sendable, CaseIterable {
        case notFound, forbidden, unavailable, other, tooLong, dead

        var answer: HTTPResponse {
            switch self {
            case .notFound: .text("no such blob", status: .notFound)
            case .forbidden: .text("you may not", status: .forbidden)
            case .unavailable: .text("later", status: .unavailable)
            case .other: HTTPResponse(.ok, body: .bytes([UInt8](repeating: 1, count: 2_000_000)))
            case .tooLong: HTTPResponse(.ok, body: .bytes([UInt8](repeating: 1, count: 2_000_001)))
            case .dead: HTTPResponse(.ok, body: .stream { _ in throw CancellationError() })
            }
        }

        /// Whether a part that was there before is still the beginning of the blob.
        var leavesThePart: Bool { self == .forbidden || self == .unavailable }
    }

    @Test(arguments: Refusal.allCases, [0, 1000])
    func aFetchThatFailsLeavesNothingButAPartThatCanBeResumed(refusal: Refusal, bytesBefore: Int) async throws {
        // What dies at once is tried five times with pauses: one row of it is enough, where there is no part.
        if refusal == .dead && bytesBefore > 0 { return }
        try await Self.run(answer: { _ in refusal.answer }) { folder, _ in
            if bytesBefore > 0 { try AtomicFile.write(Array(Self.content.prefix(bytesBefore)), to: Self.part(folder)) }
            #expect(await Self.code { _ = try await Self.fetch(folder) } != nil)
            let stays = bytesBefore > 0 && refusal.leavesThePart
            #expect(try FileIO.status(Self.part(folder))?.size == (stays ? bytesBefore : nil))
            #expect(try FileIO.status(folder + "/got") == nil)
        }
    }

    @Test func aStoreThatCannotBeReachedLeavesNoFile() async throws {
        let folder = try Directory.temporary("/tmp/blob.")
        // Cancelled while it tries again: nobody listens there.
        let task = Task { await Self.code { _ = try await Self.fetch(folder) } }
        while try FileIO.status(Self.part(folder)) == nil, !task.isCancelled {
            try await Poller.shared.sleep(until: .in(.milliseconds(2)))
        }
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(try Directory.entries(folder).isEmpty)
        try Directory.remove(folder)
    }

    @Test func anAddressThatIsNoneIsRefused() async {
        for address in ["/run/http.sock", "unix:", "ftp://x", ""] {
            #expect(await Self.code { _ = try BlobClient(address) } == .badEndpoint)
        }
    }
}
