import Testing

@testable import IO

@Suite struct WaitTableTests {
    private let far = Deadline(nanoseconds: 60_000_000_000)

    @Test func aReadyDescriptorWakesThoseWhoWaitForItAndKeepsTheOthersArmed() {
        var table = WaitTable<String>()
        #expect(table.add(1, on: 5, for: .read, until: .never, now: 0, token: "reader") == .read)
        #expect(table.add(2, on: 5, for: .write, until: .never, now: 0, token: "writer") == [.read, .write])
        #expect(table.add(3, on: 6, for: .read, until: .never, now: 0, token: "other") == .read)
        let (woken, rearm) = table.ready(5, .read)
        #expect(woken.map(\.token) == ["reader"])
        #expect(rearm == .write)
        #expect(table.count == 2)
    }

    @Test func aHangUpWakesAll() {
        var table = WaitTable<Int>()
        for id in 1...3 {
            _ = table.add(UInt64(id), on: 5, for: [.read, .write, .hangup], until: far, now: 0, token: id)
        }
        #expect(Set(table.ready(5, [.read, .write, .hangup]).woken.map(\.token)) == [1, 2, 3])
        #expect(table.count == 0)
    }

    @Test func deadlinesComeInOrderAndOnlyOnce() {
        var table = WaitTable<Int>()
        for (id, moment) in [30, 10, 20].enumerated() {
            let deadline = Deadline(nanoseconds: Int64(moment) * 1_000_000)
            _ = table.add(UInt64(id + 1), on: Int32(id), for: .read, until: deadline, now: 0, token: moment)
        }
        #expect(table.nextExpiry == 12_000_000)
        #expect(table.expire(now: 11_999_999).isEmpty)
        #expect(table.expire(now: 12_000_000) == [10])
        #expect(table.remove(1) == 30)
        #expect(table.expire(now: 1_000_000_000) == [20])
        #expect(table.count == 0)
    }

    @Test func whatWasRemovedIsNotWokenAgain() {
        var table = WaitTable<Int>()
        _ = table.add(1, on: 5, for: .read, until: far, now: 0, token: 1)
        #expect(table.remove(1) == 1)
        #expect(table.remove(1) == nil)
        #expect(table.ready(5, .read).woken.isEmpty)
        #expect(table.expire(now: .max).isEmpty)
    }

    @Test(arguments: [UInt64(1), 20261125, 42])
    func randomTimersExpireNeverEarlyAndAllInTheEnd(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var buckets = TimerBuckets()
        var waits: [UInt64: Int64] = [:]
        for id in UInt64(0)..<2000 {
            let moment = Int64(random.next() % 400_000_000_000)
            let bucket = buckets.insert(id, at: moment, now: 0)
            #expect(bucket >= moment && bucket - moment < 1_000_000_000)
            if id.isMultiple(of: 3) { buckets.remove(id, from: bucket) } else { waits[id] = moment }
        }
        for now in stride(from: Int64(0), through: 402_000_000_000, by: 3_000_000_000) {
            for id in buckets.expire(now: now) {
                let moment = waits.removeValue(forKey: id)
                #expect(moment ?? .max <= now)
            }
        }
        #expect(waits.isEmpty)
        #expect(buckets.next == nil)
    }
}

/// A generator with a seed (SplitMix64), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
