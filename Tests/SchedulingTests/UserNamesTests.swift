import Dispatch
import FactoryProtocol
import Glibc
import IO
import Testing

@testable import FactoryScheduling

@Suite(.timeLimit(.minutes(1))) struct UserNamesTests {
    /// A user database that answers when it is told to.
    private final class Database: Sendable {
        let asked = Locked<[UInt32]>([])
        let answers = DispatchSemaphore(value: 0)

        func name(_ user: UInt32) -> String {
            asked.withLock { $0.append(user) }
            answers.wait()
            return "user\(user)"
        }
    }

    @Test func aDatabaseThatHangsDelaysNobodyForLongAndIsAskedOnceAUser() async throws {
        let database = Database()
        let names = UserNames(patience: .milliseconds(50)) { database.name($0) }
        let found = await withTaskGroup(of: String?.self) { group in
            for _ in 0..<100 { group.addTask { await names.name(of: 7) } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(found == [nil])
        #expect(await names.name(of: 8) == nil)
        #expect(database.asked.withLock { $0 } == [7])
        for _ in 0..<2 { database.answers.signal() }
    }

    @Test func aNameThatIsOldCountsUntilTheNewOneIsThere() async throws {
        let database = Database()
        let names = UserNames(patience: .seconds(30)) { database.name($0) }
        database.answers.signal()
        #expect(await names.name(of: 7) == "user7")
        // The second look-up hangs.
        #expect(await names.name(of: 7, now: .now + .seconds(60)) == "user7")
        #expect(await names.name(of: 7, now: .now + .seconds(60)) == "user7")
        database.answers.signal()
    }

    /// Or the same key would be two builds: one of `uid 7`, one of the name.
    @Test func nobodySubmitsUnderAStandInForTheName() async throws {
        let database = Database()
        let fixture = try FarmFixture()
        let names = UserNames(patience: .milliseconds(50)) { database.name($0) }
        try await fixture.run(names: names) {
            let early = try await fixture.client()
            let error = await #expect(throws: ErrorReply.self) { try await fixture.submit(early) }
            #expect(error?.code == "user-unknown")
            #expect(try await early.ask(ListBuilds(), for: Builds.self).builds.isEmpty)
            database.answers.signal()
            while await names.name(of: geteuid()) == nil {}
            let later = try await fixture.client()
            #expect(try await fixture.submit(later).repeated == false)
        }
    }
}
