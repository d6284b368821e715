import FoundationEssentials
import Glibc
import IO
import Testing

/// A program of ours that runs beside the test: started, killed and restarted as an operator or a fault would.
final class Program: Sendable {
    let name: String
    let pid: Int32
    private let ending = Locked<Int32?>(nil)

    /// Where the programs lie: `FACTORY_BINARIES`, or beside the test bundle that runs.
    static let folder: String = {
        if let folder = ProcessInfo.processInfo.environment["FACTORY_BINARIES"] { return folder }
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    }()

    static func path(_ name: String) -> String { folder + "/" + name }

    /// Starts it in a process group of its own; what it says is appended to `log`.
    init(_ name: String, _ arguments: [String], log: String) throws {
        self.name = name
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        let path = Self.path(name)
        var words: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, path, &actions, &attributes, &words, environ)
        try #require(error == 0, "\(path) does not start: \(String(cString: strerror(error)))")
        self.pid = pid
    }

    /// The wait status once it has ended, nil while it runs.
    func status() -> Int32? {
        ending.withLock { known in
            if known == nil {
                var status: Int32 = 0
                if waitpid(pid, &status, WNOHANG) == pid { known = status }
            }
            return known
        }
    }

    var isRunning: Bool { status() == nil }

    func signal(_ number: Int32) {
        if isRunning { kill(pid, number) }
    }

    /// Waits for its end, sending KILL when it takes longer than `limit`; returns whether it ended by itself.
    @discardableResult
    func ended(within limit: Duration = .seconds(20)) async -> Bool {
        if await eventually(within: limit, { !self.isRunning }) { return true }
        signal(SIGKILL)
        _ = await eventually(within: .seconds(20)) { !self.isRunning }
        return false
    }

    /// `kill -9`, and the end of it.
    func killed() async {
        signal(SIGKILL)
        await ended(within: .seconds(20))
    }
}

/// Asks again and again until the answer is yes; false when it was not within `limit`.
func eventually(within limit: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
    let deadline = Deadline.in(limit)
    while true {
        if try await condition() { return true }
        if deadline.hasPassed { return false }
        // Only a pause between two questions, never what is waited for.
        try? await Poller.shared.sleep(until: .in(.milliseconds(20)))
    }
}
