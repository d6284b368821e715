import Dispatch
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
        let found = await withTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { await names.name(of: 7) } }
            return await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(found == ["uid 7"])
        #expect(await names.name(of: 8) == "uid 8")
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
}
