import FoundationEssentials
import Glibc
import IO
import Processes
import Testing

/// The files in systemd/, held against systemd's own tools (no systemd has to run for that).
struct UnitFileTests {
    static let hasSystemdAnalyze = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze")
    static let hasSysusers = FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-sysusers")

    static let folder: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/") + "/systemd"
    }()

    /// A folder of its own for one test, removed afterwards.
    func inTemporaryFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
        let folder = "/tmp/units-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        do {
            let value = try await body(folder)
            try FileManager.default.removeItem(atPath: folder)
            return value
        } catch {
            try FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    /// Runs a tool; returns its exit status and everything it said.
    func run(_ program: String, _ arguments: [String]) async throws -> (status: String, isSuccess: Bool, said: String) {
        var said = ""
        let status = try await Command(program, arguments).run(until: .in(.seconds(60))) { said += $0.text + "\n" }
        return ("\(status)", status.isSuccess, said)
    }

    func unit(_ name: String) throws -> String {
        try String(contentsOfFile: Self.folder + "/" + name, encoding: .utf8)
    }

    @Test(
        "systemd-analyze verify finds nothing in the units",
        .enabled(if: hasSystemdAnalyze, "systemd-analyze is not installed"),
        arguments: ["factoryd.service", "factory-worker.service"])
    func verify(name: String) async throws {
        try await inTemporaryFolder { folder in
            // The programs are not installed here; whether they are is the only thing that is not checked.
            let program = name == "factoryd.service" ? "/usr/bin/factoryd" : "/usr/bin/factory-worker"
            let text = try unit(name).replacing("ExecStart=\(program)", with: "ExecStart=/bin/true")
            #expect(text.contains("ExecStart=/bin/true"))
            try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
            let result = try await run("systemd-analyze", ["verify", "--man=no", folder + "/" + name])
            #expect(result.isSuccess, "\(result.status)")
            #expect(result.said == "")
        }
    }

    @Test(
        "the exposure of factoryd is at most 1.5",
        .enabled(if: hasSystemdAnalyze, "systemd-analyze is not installed"))
    func exposure() async throws {
        let result = try await run(
            "systemd-analyze",
            ["security", "--offline=true", "--threshold=15", "--no-pager", Self.folder + "/factoryd.service"])
        // --threshold=15 makes systemd-analyze fail above 1.5.
        #expect(result.isSuccess, "\(result.said)")
        let overall = try #require(result.said.firstMatch(of: /exposure level for factoryd\.service: ([0-9.]+)/))
        #expect(try #require(Double(overall.1)) <= 1.5)
    }

    @Test("stopping the worker ends the agent only, and its cgroup is its own")
    func workerOutlivesAgent() throws {
        let lines = try unit("factory-worker.service").split(separator: "\n")
        #expect(lines.contains("KillMode=process"))
        #expect(lines.contains("Delegate=yes"))
    }

    @Test(
        "the daemon can see who calls, and says when it is ready",
        arguments: [
            "Type=notify", "User=factoryd", "Group=factory", "NoNewPrivileges=yes", "ProtectSystem=strict",
            "SystemCallFilter=@chown",
        ])
    func daemonHas(line: Substring) throws {
        let lines = try unit("factoryd.service").split(separator: "\n")
        #expect(lines.contains(line))
        // In a user namespace of its own every caller would have the id of nobody.
        #expect(!lines.contains { $0.hasPrefix("PrivateUsers=") })
    }

    @Test(
        "users, groups and directories are made as the unit wants them",
        .enabled(if: hasSysusers, "systemd-sysusers is not installed"), .enabled(if: geteuid() == 0, "needs root"))
    func usersAndDirectories() async throws {
        try await inTemporaryFolder { root in
            try FileManager.default.createDirectory(atPath: root + "/etc", withIntermediateDirectories: true)
            for file in ["passwd", "group", "shadow", "gshadow"] {
                try "".write(toFile: root + "/etc/" + file, atomically: false, encoding: .utf8)
            }
            let users = try await run("systemd-sysusers", ["--root=\(root)", Self.folder + "/sysusers.d/factory.conf"])
            #expect(users.isSuccess, "\(users.said)")
            let passwd = try String(contentsOfFile: root + "/etc/passwd", encoding: .utf8)
            let group = try String(contentsOfFile: root + "/etc/group", encoding: .utf8)
            let factory = try #require(group.firstMatch(of: /(?m)^factory:x:(\d+):/)).1
            #expect(group.contains(/(?m)^factory-admin:x:\d+:/))
            #expect(passwd.contains("factoryd:x:"))
            #expect(passwd.split(separator: ":")[3] == factory, "the daemon's own group must be factory")
            // Names are resolved against the running system, which need not know them: numbers instead.
            let uid = try #require(passwd.split(separator: ":").dropFirst(2).first)
            let rules = try unit("tmpfiles.d/factory.conf").replacing(
                #/factoryd +factory /#, with: "\(uid) \(factory) ")
            try rules.write(toFile: root + "/rules.conf", atomically: false, encoding: .utf8)
            let made = try await run("systemd-tmpfiles", ["--root=\(root)", "--create", root + "/rules.conf"])
            #expect(made.isSuccess, "\(made.said)")
            var status = stat()
            try #require(stat(root + "/var/lib/factory", &status) == 0)
            #expect(String(status.st_uid) == uid)
            #expect(status.st_mode & 0o777 == 0o750)
        }
    }
}
