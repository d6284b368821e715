import FactoryProtocol
import FactoryWire
import IO
import Testing

/// Two ends of a connection: one with frames, one bare.
private func ends(frameTime: Duration = .seconds(10)) throws -> (FrameConnection, Socket) {
    let (ours, theirs) = try Socket.pair()
    return (FrameConnection(ours, frameTime: frameTime), theirs)
}

private func kind(_ body: () async throws -> Void) async -> WireError.Kind? {
    do {
        try await body()
        return nil
    } catch let error as WireError {
        return error.kind
    } catch {
        Issue.record("\(error)")
        return nil
    }
}

@Suite struct FrameConnectionTests {
    @Test func aRefusalThatCameBeforeTheHelloIsRead() async throws {
        let (left, right) = try Socket.pair()
        let server = FrameConnection(right)
        try await server.send(Refused(code: "too-many-connections", message: "try again later"))
        server.close()
        let error = await #expect(throws: RefusedByServer.self) {
            try await FrameConnection(left).greet(Hello(role: .client, name: "n", software: "s"))
        }
        #expect(error?.code == "too-many-connections")
    }

    @Test func messagesArriveAsTheyWereSent() async throws {
        let (left, right) = try Socket.pair()
        let (a, b) = (FrameConnection(left), FrameConnection(right))
        try await a.send(CancelBuild(build: BuildID("01B"), reason: "x"), id: 4)
        let got = try await b.next(until: .in(.seconds(30)))
        #expect(got.id == 4)
        #expect(try got.decode(CancelBuild.self).build == BuildID("01B"))
    }

    @Test func manySendersNeverMixTheirFrames() async throws {
        let (left, right) = try Socket.pair()
        let (a, b) = (FrameConnection(left), FrameConnection(right))
        b.raiseLimit()
        let long = String(repeating: "x", count: 100_000)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sender in 0..<8 {
                group.addTask {
                    for _ in 0..<10 { try await a.send(CancelBuild(build: BuildID("\(sender)"), reason: long)) }
                }
            }
            var counts: [BuildID: Int] = [:]
            for _ in 0..<80 {
                let message = try await b.next(until: .in(.seconds(30))).decode(CancelBuild.self)
                #expect(message.reason == long)
                counts[message.build, default: 0] += 1
            }
            #expect(counts.count == 8)
            #expect(counts.values.allSatisfy { $0 == 10 })
            try await group.waitForAll()
        }
    }

    @Test func aLargeFrameBeforeTheHandshakeIsRefusedUnread() async throws {
        let (a, bare) = try ends()
        try await bare.write([0, 0, 16, 1], until: .in(.seconds(30)))
        #expect(await kind { _ = try await a.next(until: .in(.seconds(30))) } == .violation(.frameTooLarge))
    }

    @Test func theEndOfAConnectionIsToldFromHalfAFrame() async throws {
        let (a, bare) = try ends()
        bare.finishWriting()
        #expect(await kind { _ = try await a.next(until: .in(.seconds(30))) } == .ended)
        let (b, half) = try ends()
        try await half.write([0, 0, 0, 9, 1], until: .in(.seconds(30)))
        half.finishWriting()
        #expect(await kind { _ = try await b.next(until: .in(.seconds(30))) } == .violation(.halfFrame))
    }

    @Test func aPeerThatSaysNothingIsTooSlow() async throws {
        let (a, bare) = try ends()
        #expect(await kind { _ = try await a.next(until: .in(.milliseconds(20))) } == .tooSlow)
        withExtendedLifetime(bare) {}
    }

    @Test func aFrameThatNeverGetsWholeIsTooSlowThoughBytesCome() async throws {
        let (a, bare) = try ends(frameTime: .milliseconds(200))
        let drip = Task {
            for _ in 0..<10_000 {
                try await bare.write([0x20], until: .in(.seconds(30)))
                try await Poller.shared.sleep(until: .in(.milliseconds(20)))
            }
        }
        try await bare.write([0, 0, 15, 0], until: .in(.seconds(30)))
        #expect(await kind { _ = try await a.next(until: .never) } == .tooSlow)
        drip.cancel()
    }

    @Test func aPeerThatNeverReadsEndsTheSending() async throws {
        let (left, right) = try Socket.pair()
        let a = FrameConnection(left, sendTime: .milliseconds(100))
        let long = String(repeating: "x", count: 500_000)
        let seen = await kind {
            for _ in 0..<100 { try await a.send(CancelBuild(build: BuildID("b"), reason: long)) }
        }
        #expect(seen == .tooSlow)
        withExtendedLifetime(right) {}
    }

    @Test func theHandshakeAgreesOnAVersionAndRaisesTheLimit() async throws {
        let (left, right) = try Socket.pair()
        let (client, server) = (FrameConnection(left), FrameConnection(right))
        async let welcome = client.greet(Hello(role: .client, name: "test", software: "test 1"))
        let (hello, id, version) = try await server.awaitHello(firstFrame: .seconds(30))
        #expect(hello.role == .client)
        try await server.send(
            Welcome(protocol: version, server: "s", session: "1", heartbeatSeconds: 10, frameLimit: 1 << 20), id: id)
        #expect(try await welcome.protocol == 1)
    }

    @Test func aRefusalReachesTheOneWhoIsRefused() async throws {
        let (left, right) = try Socket.pair()
        let (client, server) = (FrameConnection(left), FrameConnection(right))
        async let welcome = client.greet(
            Hello(protocol: ProtocolVersions(min: 8, max: 9), role: .client, name: "t", software: "t"))
        do throws(WireError) {
            _ = try await server.awaitHello(firstFrame: .seconds(30))
            Issue.record("version 8 was taken")
        } catch {
            await server.close(saying: error, beforeWelcome: true)
        }
        do {
            _ = try await welcome
            Issue.record("the refused side was welcomed")
        } catch let error as RefusedByServer {
            #expect(error.code == "no-common-version")
        }
    }
}
