import Glibc
import Testing

@testable import FactoryProtocol

/// Cuts a stream into frames the way a connection does: one read, then frames until there is none.
private func frames(of reads: [[UInt8]], limit: Int) throws(ProtocolError) -> [[UInt8]] {
    var decoder = FrameDecoder(limit: limit)
    var found: [[UInt8]] = []
    for read in reads {
        var next = try decoder.next(after: read)
        while let frame = next {
            found.append(frame)
            next = try decoder.next()
        }
    }
    return found
}

@Suite struct FrameDecoderTests {
    @Test func framesComeOutWhateverTheReadsAre() throws {
        let payloads: [[UInt8]] = [Array("{}".utf8), Array(repeating: 0x61, count: 300), [0]]
        let stream = payloads.flatMap { Frame.bytes($0) }
        for size in [1, 2, 3, 5, 7, 64, stream.count] {
            let reads = stride(from: 0, to: stream.count, by: size).map {
                Array(stream[$0..<min($0 + size, stream.count)])
            }
            #expect(try frames(of: reads, limit: 300) == payloads, "in reads of \(size) bytes")
        }
    }

    @Test func aLengthOverTheLimitIsRefusedBeforeItsBytesCome() {
        #expect(throws: ProtocolError.self) { try frames(of: [[0, 0, 1, 45]], limit: 300) }
        #expect(throws: ProtocolError.self) { try frames(of: [[255, 255, 255, 255]], limit: FrameLimits.afterWelcome) }
    }

    @Test func anAnswerOverHTTPIsToldAsWhatItIs() {
        let error = #expect(throws: ProtocolError.self) {
            try frames(of: [Array("HTTP/1.1 400 Bad Request".utf8)], limit: FrameLimits.afterWelcome)
        }
        #expect(error?.code == .speaksHTTP && error?.message.contains("factoryd.sock") == true)
    }

    @Test func aLengthOfZeroIsRefused() {
        do throws(ProtocolError) {
            _ = try frames(of: [[0, 0, 0, 0]], limit: 300)
            Issue.record("an empty frame was taken")
        } catch {
            #expect(error.code == .emptyFrame)
        }
    }

    @Test func aHigherLimitHoldsForTheNextFrameOfTheSameRead() throws {
        var decoder = FrameDecoder(limit: 10)
        let small = Array("hello".utf8)
        let large = [UInt8](repeating: 1, count: 100)
        #expect(try decoder.next(after: Frame.bytes(small) + Frame.bytes(large)) == small)
        decoder.limit = 100
        #expect(try decoder.next() == large)
        #expect(!decoder.isMidFrame)
    }

    /// How much of the processor so many frames of one byte take that come in one read.
    private func time(ofFrames count: Int) throws -> Duration {
        let stream = (0..<count).flatMap { _ in Frame.bytes([0x61]) }
        let begin = Self.processorTime()
        let taken = try frames(of: [stream], limit: 300).count
        let time = Self.processorTime() - begin
        #expect(taken == count)
        return time
    }

    /// Of this thread alone: other tests run at the same time.
    private static func processorTime() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    @Test func fourTimesAsManySmallFramesTakeAboutFourTimesAsLong() throws {
        // The best of a few, for the caches' sake. A cost that grows with the square gives 16.
        let small = try (0..<3).map { _ in try time(ofFrames: 20_000) }.min() ?? .zero
        let large = try (0..<3).map { _ in try time(ofFrames: 80_000) }.min() ?? .zero
        #expect(large < small * 10, "\(small) for 20 000, \(large) for 80 000")
    }

    @Test func aHalfFrameIsSeen() throws {
        var decoder = FrameDecoder(limit: 10)
        #expect(try decoder.next(after: [0, 0, 0]) == nil)
        #expect(decoder.isMidFrame)
        #expect(try decoder.next(after: [2, 7]) == nil)
        #expect(decoder.isMidFrame)
        #expect(try decoder.next(after: [8]) == [7, 8])
        #expect(!decoder.isMidFrame)
    }
}
