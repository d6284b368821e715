import CLinux
import Glibc
import Testing

@testable import IO

@Suite struct PollerTests {
    @Test func aWaitEndsAtItsDeadlineAndNotBefore() async throws {
        let (read, write) = try Descriptor.pipe()
        defer { write.close() }
        let deadline = Deadline.in(.milliseconds(30))
        #expect(await code { _ = try await read.wait(.read, until: deadline) } == .timedOut)
        #expect(deadline.hasPassed)
    }

    @Test func aCancelledWaitEndsAndTheDescriptorStaysUsable() async throws {
        let (read, write) = try Descriptor.pipe()
        let task = Task { await code { _ = try await read.wait(.read, until: .never) } }
        task.cancel()
        #expect(await task.value == .cancelled)
        try await write.write([7], until: .in(.seconds(30)))
        #expect(try await read.read(upTo: 10, until: .in(.seconds(30))) == [7])
    }

    @Test func severalTasksMayWaitOnOneSide() async throws {
        let (read, write) = try Descriptor.pipe()
        try await withThrowingTaskGroup(of: Readiness.self) { group in
            for _ in 0..<5 { group.addTask { try await read.wait(.read, until: .in(.seconds(10))) } }
            group.addTask {
                try await write.write([1], until: .in(.seconds(30)))
                return .read
            }
            for try await readiness in group { #expect(readiness == .read) }
        }
    }

    @Test func aReaderAndAWriterOfOneSocketAreWokenEachForItsOwn() async throws {
        let (a, b) = try Socket.pair()
        let big = [UInt8](repeating: 7, count: 3_000_000)
        async let written: Void = a.write(big, until: .in(.seconds(20)))
        async let answer = a.read(upTo: 10, until: .in(.seconds(20)))
        var got = 0
        while got < big.count { got += try await b.read(upTo: 65536, until: .in(.seconds(20))).count }
        try await b.write([9], until: .in(.seconds(30)))
        #expect(try await answer == [9])
        try await written
    }

    @Test func closingWakesAllWhoWait() async throws {
        let (read, write) = try Descriptor.pipe()
        defer { write.close() }
        await withTaskGroup(of: IOError.Code?.self) { group in
            for _ in 0..<3 { group.addTask { await code { _ = try await read.wait(.read, until: .in(.seconds(10))) } } }
            group.addTask {
                // Until the others wait, closing ends their later waits all the same: the number is -1 then.
                read.close()
                return .closed
            }
            for await code in group { #expect(code == .closed) }
        }
    }

    @Test func thousandsOfRacesBetweenDataCancellationAndDeadlineLeaveNobodyWaiting() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for round in 0..<1500 {
                group.addTask {
                    let (read, write) = try Descriptor.pipe()
                    let waiter = Task {
                        await code { _ = try await read.wait(.read, until: .in(.milliseconds(round % 5 + 1))) }
                    }
                    if round.isMultiple(of: 2) { try await write.write([1], until: .in(.seconds(30))) }
                    if round.isMultiple(of: 3) { waiter.cancel() }
                    let ended = await waiter.value
                    #expect(ended == nil || ended == .timedOut || ended == .cancelled)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func aRegularFileIsAlwaysReady() async throws {
        let file = try FileIO.open("/proc/self/exe", O_RDONLY)
        #expect(try await file.wait(.read, until: .in(.seconds(30))) == .read)
    }

    @Test func aClosedNumberIsRefused() async throws {
        #expect(await code { _ = try await Poller.shared.wait(-1, .read, until: .in(.seconds(30))) } == .closed)
    }

    @Test func aProcessDescriptorBecomesReadableAtItsExit() async throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        var process = pid_t()
        try #require(posix_spawn(&process, "/bin/true", nil, nil, &arguments, nil) == 0)
        let descriptor = try Descriptor(adopting: Int32(pidfd_open(process, 0)))
        try await descriptor.wait(.read, until: .in(.seconds(10)))
        var status: Int32 = 0
        #expect(waitpid(process, &status, WNOHANG) == process)
        #expect(status == 0)
    }

    @Test func sleepEndsAtItsMomentAndByCancellation() async throws {
        let moment = Deadline.in(.milliseconds(20))
        try await Poller.shared.sleep(until: moment)
        #expect(moment.hasPassed)
        let task = Task { await code { try await Poller.shared.sleep(until: .never) } }
        task.cancel()
        #expect(await task.value == .cancelled)
    }
}
