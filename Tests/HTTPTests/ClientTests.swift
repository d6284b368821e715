import Crypto
import Glibc
import HTTP
import IO
import Testing

@Suite struct ClientTests {
    private static let content = (0..<2_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131 &+ $0 >> 8) }

    /// A directory with the content as a file in it.
    private static func withFile(_ body: @escaping @Sendable (_ directory: String) async throws -> Void) async throws {
        let directory = try Directory.temporary("/tmp/http.")
        try AtomicFile.write(content, to: directory + "/source")
        do { try await body(directory) } catch {
            try Directory.remove(directory)
            throw error
        }
        try Directory.remove(directory)
    }

    private static func serving(_ directory: String, tag: String = "t") throws -> HTTPServer.Handler {
        let file = try FileIO.open(directory + "/source", O_RDONLY)
        return { .file(file, size: content.count, etag: tag, for: $0) }
    }

    @Test func aSmallRequestGoesThereAndBack() async throws {
        try await Fixture.run({ request in
            let body = try await request.body.collect()
            #expect(request.fields["Expect"] == nil)
            return HTTPResponse(
                .conflict, fields: ["X-Method": request.method.rawValue, "X-Token": request.bearerToken ?? ""],
                body: .bytes(body))
        }) { fixture in
            let client = HTTPClient()
            for method in [HTTPMethod.put, .post, .patch, .delete] {
                let answer = try await client.send(
                    method, "http://\(fixture.address)/x", fields: ["Authorization": "Bearer abc"],
                    body: Array("hello".utf8))
                #expect(answer.status == 409 && answer.text == "hello")
                #expect(answer.fields["x-method"] == method.rawValue && answer.fields["X-Token"] == "abc")
            }
            let head = try await client.send(.head, "http://\(fixture.address)/x")
            #expect(head.status == 409 && head.body.isEmpty)
            let error = await failure {
                _ = try await client.send(.post, "http://\(fixture.address)/", body: [1, 2, 3], limit: 2)
            }
            #expect(error?.code == .mismatch)
        }
    }

    @Test func aDownloadIsHashedAndItsProgressEndsWithAll() async throws {
        try await Self.withFile { directory in
            try await Fixture.run(try Self.serving(directory)) { fixture in
                let last = Locked((done: 0, total: Int?.none))
                let download = try await HTTPClient().download(
                    "http://\(fixture.address)/", to: directory + "/got",
                    progress: { done, total in last.withLock { $0 = (done, total) } })
                #expect(download.hash == SHA256.hash(Self.content) && download.size == Self.content.count)
                #expect(download.resumedFrom == 0 && download.tag == "t")
                #expect(last.withLock { $0.done == Self.content.count && $0.total == Self.content.count })
                #expect(try FileIO.read(directory + "/got", limit: 3_000_000) == Self.content)
            }
        }
    }

    @Test(arguments: [(1, 1), (1_999_999, 1_999_999), (2_000_000, 2_000_000)])
    func aDownloadGoesOnWhereItWasCut(have: Int, from: Int) async throws {
        try await Self.withFile { directory in
            try AtomicFile.write(Array(Self.content.prefix(have)), to: directory + "/got")
            try await Fixture.run(try Self.serving(directory)) { fixture in
                let download = try await HTTPClient().download(
                    "http://\(fixture.address)/", to: directory + "/got", resumeTag: "t")
                #expect(download.resumedFrom == from)
                #expect(download.hash == SHA256.hash(Self.content))
                #expect(try FileIO.read(directory + "/got", limit: 3_000_000) == Self.content)
            }
        }
    }

    @Test(arguments: ["old", nil]) func anotherTagOrNoneBeginsAnew(tag: String?) async throws {
        try await Self.withFile { directory in
            try AtomicFile.write([UInt8](repeating: 9, count: 3_000_000), to: directory + "/got")
            try await Fixture.run(try Self.serving(directory)) { fixture in
                let download = try await HTTPClient().download(
                    "http://\(fixture.address)/", to: directory + "/got", resumeTag: tag)
                #expect(download.resumedFrom == 0 && download.hash == SHA256.hash(Self.content))
                #expect(try FileIO.read(directory + "/got", limit: 3_000_000) == Self.content)
            }
        }
    }

    @Test func anErrorsStatusAndWordsArriveAndNothingIsWritten() async throws {
        try await Self.withFile { directory in
            try await Fixture.run({ _ in throw HTTPError(.notFound, "no such blob") }) { fixture in
                let error = await failure {
                    _ = try await HTTPClient().download("http://\(fixture.address)/b", to: directory + "/got")
                }
                #expect(error?.code == .answered && error?.status?.code == 404)
                #expect(error?.message.contains("no such blob") == true)
                let left = try FileIO.status(directory + "/got")
                #expect(left?.size == 0)
            }
        }
    }

    @Test func moreThanTheLimitIsRefused() async throws {
        try await Self.withFile { directory in
            try await Fixture.run(try Self.serving(directory)) { fixture in
                let error = await failure {
                    _ = try await HTTPClient().download(
                        "http://\(fixture.address)/", to: directory + "/got", limit: 1_000_000)
                }
                #expect(error?.code == .mismatch)
                let left = try FileIO.status(directory + "/got")
                #expect(left?.size ?? 0 <= 1_000_000)
            }
        }
    }

    @Test func aPartOfAFileIsUploadedOverAUnixSocket() async throws {
        try await Self.withFile { directory in
            let server = try HTTPServer { request in
                var hash = SHA256()
                let body = request.body.limited(to: 10_000_000)
                while let part = try await body.next() { hash.update(part) }
                return .text(Hexadecimal.encode(hash.finish()) + " " + (request.fields["Content-Range"] ?? ""))
            }
            let listener = try Listener.unix(directory + "/h")
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await server.run([listener]) }
                group.addTask {
                    defer { server.shutdown(grace: .seconds(5)) }
                    let range = ContentRange(part: 5..<1_900_000, size: 2_000_000)
                    let answer = try await HTTPClient(unixSocket: directory + "/h").upload(
                        directory + "/source", 5..<1_900_000, to: "http://localhost/up",
                        fields: ["Content-Range": range.description])
                    let hash = Hexadecimal.encode(SHA256.hash(Array(Self.content[5..<1_900_000])))
                    #expect(answer.status == 200 && answer.text == "\(hash) bytes 5-1899999/2000000")
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func aRefusedUploadIsNotSent() async throws {
        try await Self.withFile { directory in
            try await Fixture.run({ _ in throw HTTPError(.unauthorized, "wrong token") }) { fixture in
                let answer = try await HTTPClient().upload(
                    directory + "/source", 0..<2_000_000, to: "http://\(fixture.address)/")
                #expect(answer.status == 401 && answer.text == "wrong token")
            }
        }
    }

    @Test func aFileShorterThanPromisedFailsOnOurSide() async throws {
        try await Self.withFile { directory in
            try await Fixture.run({ request in
                _ = try await request.body.limited(to: 10_000_000).collect()
                return .text("ok")
            }) { fixture in
                let error = await failure {
                    _ = try await HTTPClient().upload(
                        directory + "/source", 0..<2_000_001, to: "http://\(fixture.address)/")
                }
                #expect(error?.code == .file)
            }
        }
    }

    @Test func cancellingEndsATransferThatGetsNothing() async throws {
        let started = try Latch()
        try await Fixture.run({ request in
            try await request.whilePeerListens {
                started.open()
                try await Poller.shared.sleep(until: .never)
                return .text("never")
            }
        }) { fixture in
            let task = Task { await failure { _ = try await HTTPClient().send(.get, "http://\(fixture.address)/") } }
            try await started.wait(until: .in(.seconds(10)))
            let start = Deadline.now
            task.cancel()
            #expect(await task.value?.code == .cancelled)
            #expect(!start.advanced(by: .seconds(20)).hasPassed)
        }
    }

    @Test func deadlinesAndSlowServersEndATransfer() async throws {
        try await Fixture.run({ request in
            try await request.whilePeerListens {
                try await Poller.shared.sleep(until: .never)
                return .text("never")
            }
        }) { fixture in
            let late = await failure {
                _ = try await HTTPClient().send(
                    .get, "http://\(fixture.address)/", until: .in(.milliseconds(100)))
            }
            #expect(late?.code == .timedOut)
            var options = HTTPClient.Options()
            options.slowTime = .seconds(1)
            let client = HTTPClient(options)
            let slow = await failure { _ = try await client.send(.get, "http://\(fixture.address)/") }
            #expect(slow?.code == .timedOut)
        }
    }

    @Test func nobodyThereAndHalfAnAnswerAreToldApart() async throws {
        let listener = try Listener.tcp("127.0.0.1:0")
        let address = listener.address.description
        async let half: Void = {
            let peer = try await listener.accept(until: .in(.seconds(10)))
            _ = try await peer.read(upTo: 1000, until: .in(.seconds(10)))
            try await peer.write(
                Array("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc".utf8), until: .in(.seconds(10)))
        }()
        let cut = await failure { _ = try await HTTPClient().send(.get, "http://\(address)/") }
        #expect(cut?.code == .peerGone)
        try await half
        listener.close()
        let nobody = await failure { _ = try await HTTPClient().send(.get, "http://\(address)/") }
        #expect(nobody?.code == .unreachable)
        let scheme = await failure { _ = try await HTTPClient().send(.get, "file:///etc/passwd") }
        #expect(scheme?.code == .transfer)
    }

    private func failure(_ body: () async throws -> Void) async -> HTTPError? {
        do {
            try await body()
            return nil
        } catch let error as HTTPError {
            return error
        } catch {
            Issue.record("\(error) is no HTTPError")
            return nil
        }
    }
}
