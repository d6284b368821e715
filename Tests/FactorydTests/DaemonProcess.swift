import FactoryProtocol
import FactoryWire
import Glibc
import IO
import TestSupport
import Testing

/// A running factoryd of a test: the real binary on a folder of its own. Killed with the object.
final class DaemonProcess: Sendable {
    let pid: pid_t
    let root: String
    var socket: String { root + "/run/factoryd.sock" }
    var httpSocket: String { root + "/run/http.sock" }

    /// Starts the daemon; what it says goes to `factoryd.log` in the root.
    init(root: String, _ options: [String] = [], environment: [String: String] = [:]) throws {
        self.root = root
        let program = BuiltPrograms.path("factoryd")
        let arguments = [program, "--root", root, "--heartbeat", "1000"] + options
        let variables = environment.map { "\($0.key)=\($0.value)" } + ["PATH=/usr/bin:/bin"]
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, root + "/factoryd.log", O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var pid: pid_t = 0
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var envp: [UnsafeMutablePointer<CChar>?] = variables.map { strdup($0) } + [nil]
        defer { for pointer in argv + envp { free(pointer) } }
        let rc = posix_spawn(&pid, program, &actions, nil, &argv, &envp)
        try #require(rc == 0, "\(program) cannot be started: \(String(cString: strerror(rc)))")
        self.pid = pid
    }

    deinit {
        // Already reaped in most tests; then there is no such child any more.
        if waitpid(pid, nil, WNOHANG) == 0 {
            Glibc.kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
    }

    /// Sends a signal and waits for the end; the exit status, or minus the signal.
    func end(_ signal: Int32) async -> Int32 {
        Glibc.kill(pid, signal)
        return await ended()
    }

    /// Waits for the end; the exit status, or minus the signal that ended it.
    func ended() async -> Int32 {
        let pid = pid
        return await OwnThread.run("waitpid") {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
        }
    }

    /// Everything that it said.
    func log() throws -> String { try FileIO.readText(root + "/factoryd.log", limit: 1 << 20) }

    /// A connection, as soon as the daemon listens.
    func connect(_ role: Role = .client, name: String = "test") async throws -> FrameConnection {
        let deadline = Deadline.in(.seconds(30))
        while true {
            do throws(IOError) {
                let socket = try await Socket.connect(unix: socket, until: deadline)
                let connection = FrameConnection(socket)
                do {
                    _ = try await connection.greet(Hello(role: role, name: name, software: "test"))
                    return connection
                } catch {
                    throw IOError(.closed, "\(error)")
                }
            } catch {
                guard [.notFound, .refused, .closed, .peerGone].contains(error.code), !deadline.hasPassed else {
                    throw error
                }
                try await Poller.shared.sleep(until: .in(.milliseconds(20)))
            }
        }
    }
}

extension FrameConnection {
    /// The next message that is no heartbeat, of this type.
    func expect<Body: Message>(_: Body.Type = Body.self) async throws -> Body {
        while true {
            let incoming = try await next(until: .in(.seconds(30)))
            if incoming.type == Heartbeat.type { continue }
            if incoming.type == ErrorReply.type { throw try incoming.decode(ErrorReply.self) }
            return try incoming.decode()
        }
    }

    func ask<Body: Message>(_ message: some Message, for: Body.Type = Body.self) async throws -> Body {
        try await send(message, id: 3)
        return try await expect()
    }

    /// Watches a build from a number on, to its end.
    func watch(_ build: BuildID, from: Int64 = 1) async throws -> [Event] {
        try await send(Watch(build: build, from: from), id: 4)
        var events: [Event] = []
        while true {
            let incoming = try await next(until: .in(.seconds(30)))
            if incoming.type == Heartbeat.type { continue }
            guard incoming.type == EventMessage.type else {
                _ = try incoming.decode(WatchEnd.self)
                return events
            }
            events.append(try incoming.decode(EventMessage.self).event)
        }
    }
}

extension ErrorReply: Error {}
