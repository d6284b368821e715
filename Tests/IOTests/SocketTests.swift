import Glibc
import Testing

@testable import IO

@Suite struct SocketTests {
    private var soon: Deadline { .in(.seconds(10)) }

    @Test func aUnixPeerIsKnownByItsProcessAndUser() async throws {
        try await withDirectory { directory in
            let listener = try Listener.unix(directory + "/s", mode: 0o660)
            defer { listener.close() }
            async let client = Socket.connect(unix: directory + "/s", until: soon)
            let server = try await listener.accept(until: soon)
            let credentials = try server.peerCredentials()
            #expect(credentials.process == getpid())
            #expect(credentials.user == getuid())
            #expect(credentials.group == getgid())
            #expect(try FileIO.status(directory + "/s")?.permissions == 0o660)
            try await client.write(Array("hello".utf8), until: soon)
            #expect(try await server.read(upTo: 100, until: soon) == Array("hello".utf8))
        }
    }

    private static let hasIPv6 = (try? Listener.tcp("[::1]:0")) != nil  // Not every machine has it.

    @Test(arguments: ["127.0.0.1:0", "localhost:0"] + (hasIPv6 ? ["[::1]:0"] : []))
    func tcpListensOnAPortOfTheKernelsChoice(text: String) async throws {
        let listener = try Listener.tcp(text)
        defer { listener.close() }
        async let client = Socket.connect(tcp: listener.address.description, until: soon)
        let server = try await listener.accept(until: soon)
        let address = try await client.peerAddress()
        #expect(address == listener.address)
        #expect(!address.description.hasSuffix(":0"))
        server.finishWriting()
        #expect(try await client.read(upTo: 10, until: soon).isEmpty)
    }

    @Test func aSecondListenerIsRefusedWhileTheFirstLives() async throws {
        try await withDirectory { directory in
            let first = try Listener.unix(directory + "/s")
            #expect(await code { _ = try Listener.unix(directory + "/s") } == .locked)
            first.close()
            #expect(try FileIO.status(directory + "/s") == nil)
        }
    }

    @Test func aStaleSocketIsReplacedAndAPlainFileIsNot() async throws {
        try await withDirectory { directory in
            let path = directory + "/s"
            // What a killed daemon leaves: a socket file that nobody listens at.
            let stale = try Socket.open(AF_UNIX)
            let address = try SocketAddress.unix(path)
            try #require(address.withSockaddr { bind(stale.rawValue, $0, $1) } == 0)
            stale.close()
            #expect(await code { _ = try await Socket.connect(unix: path, until: soon) } == .refused)
            let listener = try Listener.unix(path)
            _ = try await Socket.connect(unix: path, until: soon)
            listener.close()

            try AtomicFile.write([1], to: path)
            #expect(await code { _ = try Listener.unix(path) } == .wrongKind)
            #expect(try FileIO.read(path, limit: 10) == [1])
        }
    }

    @Test func connectingToNothingSaysSo() async throws {
        try await withDirectory { directory in
            #expect(await code { _ = try await Socket.connect(unix: directory + "/none", until: soon) } == .notFound)
        }
        let listener = try Listener.tcp("127.0.0.1:0")
        let address = listener.address.description
        listener.close()
        #expect(await code { _ = try await Socket.connect(tcp: address, until: soon) } == .refused)
    }

    @Test(arguments: ["", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "::1:80", "nonsense here:80", "1.2.3:80"])
    func whatIsNoAddressIsRefused(text: String) async {
        #expect(await code { _ = try SocketAddress.tcp(text) } == .badAddress)
    }

    @Test func aPathLongerThanTheKernelTakesIsRefusedWithBothNumbers() throws {
        let longest = "/" + String(repeating: "a", count: 106)
        #expect(try SocketAddress.unix(longest).path == longest)
        do throws(IOError) {
            _ = try SocketAddress.unix(longest + "a")
            Issue.record("108 bytes were taken")
        } catch {
            #expect(error.code == .badAddress)
            #expect(error.message.contains("107") && error.message.contains("108"))
        }
    }

    @Test func aPeerThatNeverReadsStopsTheWriterUntilItsDeadline() async throws {
        let (a, b) = try Socket.pair()
        let big = [UInt8](repeating: 1, count: 8 << 20)
        #expect(await code { try await a.write(big, until: .in(.milliseconds(50))) } == .timedOut)
        _ = b
    }

    @Test func shutdownEndsTheReadOfAnotherTask() async throws {
        let (a, b) = try Socket.pair()
        async let bytes = a.read(upTo: 10, until: soon)
        a.shutdown()
        #expect(try await bytes.isEmpty)
        #expect(await code { try await b.write([1], until: soon) } == .peerGone)
    }

    @Test func aPeerThatGoesIsNoticedWithoutReading() async throws {
        let (a, b) = try Socket.pair()
        try await b.write([1, 2], until: soon)
        b.finishWriting()
        try await a.waitForHangup(until: soon)
        #expect(try await a.read(upTo: 10, until: soon) == [1, 2])
    }

    @Test func aRangeOfAFileIsSentByTheKernel() async throws {
        try await withDirectory { directory in
            let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try AtomicFile.write(content, to: directory + "/f")
            let file = try FileIO.open(directory + "/f", O_RDONLY)
            let (a, b) = try Socket.pair()
            let threads = BlockingThreads("test", most: 2)
            async let sent: Void = a.sendFile(
                file, 1000..<299_000, stall: .seconds(10), floor: 1, threads: threads)
            var got: [UInt8] = []
            while got.count < 298_000 { got += try await b.read(upTo: 65536, until: soon) }
            try await sent
            #expect(got == Array(content[1000..<299_000]))
            #expect(threads.started > 0, "the file was read on Swift's pool")
            #expect(
                await code { try await a.sendFile(file, 299_999..<300_002, stall: .seconds(1), floor: 1) } == .wrongKind
            )
        }
    }

    @Test func systemdSocketsAreTakenByNameAndOthersAreRefused() async throws {
        let listener = try Socket.open(AF_INET)
        try #require(listen(listener.rawValue, 5) == 0)
        let number = listener.release()
        let me = String(getpid())
        #expect(try SocketActivation.entries(process: "1", count: "1", names: nil, firstDescriptor: number).isEmpty)
        let entries = try SocketActivation.entries(process: me, count: "1", names: "http", firstDescriptor: number)
        #expect(entries.map(\.name) == ["http"])
        let (pipe, _) = try Descriptor.pipe()
        let other = pipe.release()
        #expect(
            await code {
                _ = try SocketActivation.entries(process: me, count: "1", names: "", firstDescriptor: other)
            } != nil)
        #expect(
            await code {
                _ = try SocketActivation.entries(process: me, count: "-1", names: "", firstDescriptor: 3)
            } == .wrongKind)
    }
}
