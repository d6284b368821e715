import Glibc
import HTTP
import IO
import Testing

@Suite struct ServerTests {
    private static let echo: HTTPServer.Handler = { request in
        let bytes = try await request.body.collect()
        return HTTPResponse(.ok, fields: ["X-Path": request.path], body: .bytes(bytes))
    }

    @Test func aConnectionServesRequestsOneAfterTheOtherAlsoPipelined() async throws {
        try await Fixture.run(Self.echo) { fixture in
            let peer = try await fixture.connect()
            let post = "POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            try await peer.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n" + post + "GET /c HTTP/1.1\r\nHost: a\r\n\r\n")
            for (path, body) in [("/a", ""), ("/b", "abc"), ("/c", "")] {
                let answer = try await peer.answer()
                #expect(answer.status == 200 && answer.fields["X-Path"] == path && answer.text == body)
                #expect(answer.fields["Connection"] == nil && answer.fields["Date"] != nil)
            }
            try await peer.send("GET /d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(try await peer.answer().fields["Connection"] == "close")
            #expect(try await peer.isClosed())
        }
    }

    @Test func anAmbiguousRequestIsAnsweredAndNothingAfterItIsRun() async throws {
        let seen = Locked<[String]>([])
        try await Fixture.run({ request in
            seen.withLock { $0.append(request.path) }
            return .text("ok")
        }) { fixture in
            let peer = try await fixture.connect()
            try await peer.send(
                "POST /first HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await peer.answer().status == 400)
            #expect(try await peer.isClosed())
        }
        #expect(seen.withLock { $0 } == [])
    }

    @Test func theClientIsAskedForItsBodyOnlyWhenSomebodyReadsIt() async throws {
        try await Fixture.run({ request in
            guard request.path == "/read" else { return .text("no", status: .forbidden) }
            return .text("\(try await request.body.collect().count)")
        }) { fixture in
            let head = "HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
            let refused = try await fixture.connect()
            try await refused.send("PUT /no " + head)
            #expect(try await refused.answer().status == 403)
            #expect(try await refused.isClosed())

            let read = try await fixture.connect()
            try await read.send("PUT /read " + head)
            #expect(try await read.answer().status == 100)
            try await read.send("abc")
            #expect(try await read.answer().text == "3\n")
        }
    }

    @Test func aBodyOverTheLimitIsRefusedByItsLengthOrWhenItPassesIt() async throws {
        var limits = HTTPServer.Limits()
        limits.bodyBytes = 10
        try await Fixture.run(limits: limits, Self.echo) { fixture in
            let known = try await fixture.exchange("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n")
            #expect(known.status == 413 && known.text.contains("10"))
            let chunked = try await fixture.exchange(
                "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n3\r\nabc\r\n0\r\n\r\n")
            #expect(chunked.status == 413)
            let fits = try await fixture.exchange("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n0123456789")
            #expect(fits.status == 200)
        }
    }

    @Test func aHeadThatDripsIsEndedAsAWholeAndASilentConnectionIsClosed() async throws {
        var limits = HTTPServer.Limits()
        limits.headTime = .milliseconds(200)
        limits.idleTime = .milliseconds(100)
        limits.stall = .milliseconds(200)
        try await Fixture.run(limits: limits, Self.echo) { fixture in
            let dripping = try await fixture.connect()
            let start = Deadline.now
            // A byte every 20 ms: each wait is short, the head as a whole is not.
            let drip = Task {
                for byte in "GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 400))" {
                    try await dripping.send(String(byte))
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(try await dripping.answer().status == 408)
            #expect(start.advanced(by: .milliseconds(195)).hasPassed)
            drip.cancel()
            _ = await drip.result
            #expect(try await fixture.connect().isClosed())
            let body = try await fixture.exchange("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
            #expect(body.status == 408)
        }
    }

    @Test func headAnswersWithoutABodyAndTheRouterSaysWhatIsAllowed() async throws {
        var router = HTTPRouter()
        router.on(.get, "/v1/things/{name}") { .text("thing \($0.parameters["name"] ?? "")") }
        router.on(.put, "/v1/things/{name}", bodyLimit: 3) { request in
            .text("\(try await request.body.collect().count)", status: .created)
        }
        router.on(.get, "/fails") { _ in throw HTTPError(.unprocessable, "the thing is wrong") }
        let routes = router
        try await Fixture.run({ try await routes.respond(to: $0) }) { fixture in
            let peer = try await fixture.connect()
            try await peer.send("HEAD /v1/things/a%20b HTTP/1.1\r\nHost: a\r\n\r\n")
            let head = try await peer.answer(toHead: true)
            #expect(head.status == 200 && head.fields["Content-Length"] == "10")
            try await peer.send("GET /v1/things/a%20b?x=1 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await peer.answer().text == "thing a b\n")
            try await peer.send("DELETE /v1/things/x HTTP/1.1\r\nHost: a\r\n\r\n")
            let not = try await peer.answer()
            #expect(not.status == 405 && not.fields["Allow"] == "GET, HEAD, PUT")
            try await peer.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await peer.answer().status == 404)
            try await peer.send("GET /fails HTTP/1.1\r\nHost: a\r\n\r\n")
            let wrong = try await peer.answer()
            #expect(wrong.status == 422 && wrong.text == "the thing is wrong\n")
            try await peer.send("GET /a/%2e%2e/b HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await peer.answer().status == 400)
            try await peer.send("PUT /v1/things/x HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd")
            #expect(try await peer.answer().status == 413)
        }
    }

    @Test func aFileIsSentWholeInPartsAndNotAtAll() async throws {
        let directory = try Directory.temporary("/tmp/http.")
        let content = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 131) }
        try AtomicFile.write(content, to: directory + "/f")
        let file = try FileIO.open(directory + "/f", O_RDONLY)
        try await Fixture.run({ .file(file, size: 1_000_000, etag: "t", for: $0) }) { fixture in
            let peer = try await fixture.connect()
            func ask(_ fields: String, method: String = "GET") async throws -> Answer {
                try await peer.send("\(method) / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
                return try await peer.answer(toHead: method == "HEAD")
            }
            let whole = try await ask("")
            #expect(whole.status == 200 && whole.body == content && whole.fields["ETag"] == "\"t\"")
            let part = try await ask("Range: bytes=999990-\r\nIf-Range: \"t\"\r\n")
            #expect(part.status == 206 && part.body == Array(content[999_990...]))
            #expect(part.fields["Content-Range"] == "bytes 999990-999999/1000000")
            let changed = try await ask("Range: bytes=999990-\r\nIf-Range: \"u\"\r\n")
            #expect(changed.status == 200 && changed.body.count == 1_000_000)
            let beyond = try await ask("Range: bytes=1000000-\r\n")
            #expect(beyond.status == 416 && beyond.fields["Content-Range"] == "bytes */1000000" && beyond.body.isEmpty)
            let same = try await ask("If-None-Match: \"t\"\r\n")
            #expect(same.status == 304 && same.fields["Content-Length"] == nil)
            let head = try await ask("", method: "HEAD")
            #expect(head.status == 200 && head.fields["Content-Length"] == "1000000")
        }
        try Directory.remove(directory)
    }

    @Test func eventsWaitForASlowReaderAndEndWithIt() async throws {
        let (sent, ended) = (Locked(0), Locked(false))
        let over = try Latch()
        try await Fixture.run({ _ in
            .events { writer in
                defer {
                    ended.withLock { $0 = true }
                    over.open()
                }
                while true {
                    try await writer.send(ServerSentEvent(String(repeating: "x", count: 10_000)))
                    sent.withLock { $0 += 1 }
                }
            }
        }) { fixture in
            let peer = try await fixture.connect()
            try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await peer.bytes(through: "data: ")
            // The kernel's buffers fill, then nothing more is made: the count stops.
            var (before, now) = (-1, 0)
            while before != now {
                try await Poller.shared.sleep(until: .in(.milliseconds(100)))
                (before, now) = (now, sent.withLock { $0 })
            }
            #expect(now < 2000)
            peer.socket.shutdown()
            try await over.wait(until: .in(.seconds(10)))
        }
        #expect(ended.withLock { $0 })
    }

    @Test func aHandlerWhoseClientGoesIsCancelled() async throws {
        let (started, ended) = (try Latch(), try Latch())
        try await Fixture.run({ request in
            try await request.whilePeerListens {
                started.open()
                defer { ended.open() }
                try await Poller.shared.sleep(until: .never)
                return .text("never")
            }
        }) { fixture in
            let peer = try await fixture.connect()
            try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await started.wait(until: .in(.seconds(10)))
            peer.socket.shutdown()
            try await ended.wait(until: .in(.seconds(10)))
        }
    }

    @Test func shuttingDownLetsAStreamSayGoodbyeAndClosesIdleConnections() async throws {
        let started = try Latch()
        try await Fixture.run({ request in
            guard request.path == "/stream" else { return .text("ok") }
            return .events { writer in
                try await writer.send(ServerSentEvent("hello"))
                started.open()
                try await request.shutdown.wait(until: .never)
                try await writer.send(ServerSentEvent("bye"))
            }
        }) { fixture in
            let idle = try await fixture.connect()
            try await idle.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await idle.answer().status == 200)
            let stream = try await fixture.connect()
            try await stream.send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
            try await started.wait(until: .in(.seconds(10)))
            fixture.server.shutdown(grace: .seconds(10))
            #expect(try await stream.answer().text == "data: hello\n\ndata: bye\n\n")
            #expect(try await idle.isClosed())
            await #expect(throws: IOError.self) { _ = try await fixture.connect() }
        }
    }

    @Test func shuttingDownLetsADownloadAndAnUploadEnd() async throws {
        let folder = try Directory.temporary()
        let size = 64 << 20
        let file = try FileIO.open(folder + "/blob", O_RDWR | O_CREAT)
        try #require(ftruncate(file.rawValue, off_t(size)) == 0)
        let started = try Latch()
        try await Fixture.run({ request in
            if request.path == "/blob" {
                return HTTPResponse(.ok, body: .file(file, 0..<size))
            }
            started.open()
            var count = 0
            while let piece = try await request.body.next() { count += piece.count }
            return .text("\(count)")
        }) { fixture in
            let download = try await fixture.connect()
            try await download.send("GET /blob HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await download.bytes(1000)
            let upload = try await fixture.connect()
            try await upload.send("PUT /up HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n")
            try await upload.send(String(repeating: "x", count: 1000))
            try await started.wait(until: .in(.seconds(10)))
            fixture.server.shutdown(grace: .seconds(20))
            try await upload.send(String(repeating: "x", count: 1000))
            let answer = try await upload.answer()
            #expect(answer.text == "2000\n", "\(answer)")
            var read = 0
            while true {
                let piece = try await download.socket.read(upTo: 1 << 20, until: .in(.seconds(10)))
                if piece.isEmpty { break }
                read += piece.count
            }
            // The head and what was read of the body above came out of the same stream.
            #expect(read > size - (1 << 20))
        }
        try Directory.remove(folder)
    }

    @Test func aReaderThatDripsIsEndedAlthoughItNeverStopsReading() async throws {
        let folder = try Directory.temporary()
        let size = 256 << 20
        let file = try FileIO.open(folder + "/blob", O_RDWR | O_CREAT)
        try #require(ftruncate(file.rawValue, off_t(size)) == 0)
        var limits = HTTPServer.Limits()
        limits.stall = .milliseconds(300)
        limits.bodyBytesPerSecond = 256 << 20
        try await Fixture.run(limits: limits, { _ in HTTPResponse(.ok, body: .file(file, 0..<size)) }) {
            fixture in
            let peer = try await fixture.connect()
            try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            var read = 0
            // 64 KiB every 20 ms never stalls, and is far below the floor.
            do {
                while true {
                    let piece = try await peer.socket.read(upTo: 64 << 10, until: .in(.seconds(10)))
                    if piece.isEmpty { break }
                    read += piece.count
                    try await Poller.shared.sleep(until: .in(.milliseconds(20)))
                }
            } catch {
                // A reset, because the server closed with bytes unsent: the same end.
            }
            #expect(read < size / 2)
        }
        try Directory.remove(folder)
    }

    @Test func afterTheGraceWhatStillRunsIsCancelled() async throws {
        let started = try Latch()
        try await Fixture.run({ _ in
            started.open()
            try await Poller.shared.sleep(until: .never)
            return .text("never")
        }) { fixture in
            let peer = try await fixture.connect()
            try await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            try await started.wait(until: .in(.seconds(10)))
            fixture.server.shutdown(grace: .milliseconds(20))
            // Either an error or nothing: the connection is over, that is all that is promised.
            _ = try? await peer.answer()
        }
    }

    @Test func aConnectionOverTheLimitIsToldSoAndTheNextOneIsServed() async throws {
        var limits = HTTPServer.Limits()
        limits.connections = 1
        try await Fixture.run(limits: limits, Self.echo) { fixture in
            let first = try await fixture.connect()
            try await first.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await first.answer().status == 200)
            let second = try await fixture.connect()
            #expect(try await second.answer().status == 503)
            first.socket.shutdown()
            second.socket.shutdown()
            var status = 503
            let end = Deadline.in(.seconds(10))
            while status == 503, !end.hasPassed {
                let peer = try await fixture.connect()
                // The refusal may come before, or reset, what is sent.
                try? await peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                status = (try? await peer.answer().status) ?? 503
                peer.socket.shutdown()
            }
            #expect(status == 200)
        }
    }
}
