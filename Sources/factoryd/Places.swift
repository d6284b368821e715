import Glibc
import IO

/// Where the daemon keeps its data and its sockets.
struct Places: Sendable {
    /// Database, store and logs.
    let state: String
    /// Sockets.
    let run: String
    /// True for a farm in a folder of its own: nobody else's groups get anything there.
    let isPrivate: Bool

    /// Everything below one directory.
    init(root: String) {
        let root = Self.absolute(root)
        (state, run, isPrivate) = (root, root + "/run", true)
    }

    /// As the system's own farm has it.
    init(state: String, run: String) {
        (self.state, self.run, isPrivate) = (Self.absolute(state), Self.absolute(run), false)
    }

    var database: String { state + "/factory.sqlite" }
    var lock: String { state + "/factoryd.lock" }
    var store: String { state + "/store" }
    var logs: String { state + "/logs" }
    var socket: String { run + "/factoryd.sock" }
    var httpSocket: String { run + "/http.sock" }

    /// The names in ``state`` that nothing else may have.
    var ownFiles: [String] {
        ["factory.sqlite", "factory.sqlite-wal", "factory.sqlite-shm", "factoryd.lock", "store", "logs", "run"]
    }

    /// Makes the directories that are missing.
    func make() throws(IOError) {
        for directory in [state, store, logs] { try Directory.make(directory, mode: 0o750) }
        try Directory.make(run, mode: 0o755)
    }

    /// Paths are shown to users and handed to workers, so they do not depend on where the daemon was started.
    private static func absolute(_ path: String) -> String {
        var path = path
        if !path.hasPrefix("/") {
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let here = getcwd(&buffer, buffer.count).map { String(cString: $0) } ?? "."
            path = here + "/" + path
        }
        let parts = path.split(separator: "/").filter { $0 != "." }
        return "/" + parts.joined(separator: "/")
    }
}
