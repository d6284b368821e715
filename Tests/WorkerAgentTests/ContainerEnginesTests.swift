import Arguments
import FactoryProtocol
import FactoryWire
import Glibc
import IO
import Processes
import Systemd
import TestSupport
import Testing

@testable import factory_worker

@Suite struct ContainerEnginesTests {
    @Test(arguments: [
        ("HTTP/1.0 200 OK\r\nApi-Version: 1.43\r\nContent-Length: 2\r\n\r\nOK", true),
        ("HTTP/1.1 500 Internal Server Error\r\n\r\nOK", false), ("SSH-2.0-OpenSSH_9.2\r\n", false), ("", false),
        ("HTTP/1.0 200 OK\r\n\r\n<html>", false),
    ])
    func onlyAnEngineThatAnswersIsOne(_ answer: String, _ isEngine: Bool) async throws {
        let directory = try Directory.temporary("/tmp/fw.")
        defer { try? Directory.remove(directory) }
        let path = directory + "/docker.sock"
        let listener = try Listener.unix(path)
        let server = Task {
            let socket = try await listener.accept(until: .in(.seconds(10)))
            _ = try await socket.read(upTo: 4096, until: .in(.seconds(10)))
            if !answer.isEmpty { try await socket.write(Array(answer.utf8), until: .in(.seconds(10))) }
        }
        #expect(await ContainerEngines.docker(socket: path) == isEngine)
        try await server.value
    }

    @Test func aSocketThatNobodyServesIsNoEngine() async throws {
        let directory = try Directory.temporary("/tmp/fw.")
        defer { try? Directory.remove(directory) }
        #expect(await !ContainerEngines.docker(socket: directory + "/docker.sock"))
        try AtomicFile.write([], to: directory + "/docker.sock")
        #expect(await !ContainerEngines.docker(socket: directory + "/docker.sock"))
    }

    @Test func aStorageIsOneWithAListOfImages() throws {
        let directory = try Directory.temporary("/tmp/fw.")
        defer { try? Directory.remove(directory) }
        #expect(!ContainerEngines.storage(root: directory))
        try Directory.make(directory + "/overlay-images")
        #expect(!ContainerEngines.storage(root: directory))
        try AtomicFile.write([0x5B, 0x5D], to: directory + "/overlay-images/images.json")
        #expect(ContainerEngines.storage(root: directory))
    }

    @Test(
        arguments: [
            // What is found by whom, with which variables and files.
            (0, [:], [:], ["/var/lib/containers/storage"]),
            (0, [:], ["/usr/share/containers/storage.conf": "[storage]\ngraphroot = \"/u\"\n"], ["/u"]),
            (
                0, ["HOME": "/root"],
                [
                    "/etc/containers/storage.conf": "[storage]\ngraphroot='/e'\n",
                    "/usr/share/containers/storage.conf": "[storage]\ngraphroot=\"/u\"",
                    "/root/.config/containers/storage.conf": "[storage]\ngraphroot=\"/h\"",
                ], ["/e"]
            ),
            (
                0, ["CONTAINERS_STORAGE_CONF": "/c", "HOME": "/root"],
                [
                    "/c": "# graphroot = \"/no\"\n[storage]\ndriver=\"vfs\"\n graphroot = \"$HOME/g\" # ours\n",
                    "/etc/containers/storage.conf": "[storage]\ngraphroot=\"/e\"",
                ], ["/root/g"]
            ),
            // A file that is named and is not there, or says nothing of it.
            (
                0, ["CONTAINERS_STORAGE_CONF": "/c"], ["/etc/containers/storage.conf": "[storage]\ngraphroot=\"/e\""],
                ["/var/lib/containers/storage"]
            ),
            (
                0, ["CONTAINERS_STORAGE_CONF": "/c"], ["/c": "graphroot = \"/no\"\n[other]\ngraphroot=\"/no\""],
                ["/var/lib/containers/storage"]
            ),
            (
                0, ["CONTAINERS_STORAGE_CONF": "/c"],
                [
                    "/c":
                        "[storage]\ngraphroot=\"/g\"\n[storage.options]\nadditionalimagestores = [\n  \"/a\", # one\n  '/b'\n]\nx = \"/no\"\n"
                ],
                ["/g", "/a", "/b"]
            ),
            // Without root.
            (
                1000, ["HOME": "/home/a"], ["/etc/containers/storage.conf": "[storage]\ngraphroot=\"/e\""],
                ["/home/a/.local/share/containers/storage"]
            ),
            (
                1000, ["HOME": "/home/a"],
                ["/home/a/.config/containers/storage.conf": "[storage]\ngraphroot=\"${HOME}/own\""], ["/home/a/own"]
            ),
            (
                1000, ["HOME": "/home/a", "USER": "a"],
                ["/etc/containers/storage.conf": "[storage]\nrootless_storage_path=\"/pool/$USER-$UID\""],
                ["/pool/a-1000"]
            ),
            (1000, [:], [:], []),
        ] as [(uid_t, [String: String], [String: String], [String])])
    func imagesAreLookedForWhereSkopeoDoes(
        _ user: uid_t, _ environment: [String: String], _ files: [String: String], _ roots: [String]
    ) {
        #expect(ContainerStorage.roots(environment: environment, user: user) { files[$0] } == roots)
    }

    /// A file of anybody's.
    @Test(arguments: [
        "", "[", "[storage", "=", "[storage]\ngraphroot", "[storage]\ngraphroot = [", "[storage]\ngraphroot = \"/a\\",
        "$", "${",
    ])
    func brokenSettingsSayNothing(_ text: String) {
        _ = ContainerStorage.settings(text)
        _ = ContainerStorage.expanded(text, [:], 0)
    }

    @Test("An engine that comes later is found at the next connection, by the settings that skopeo gets too")
    func laterEngine() async throws {
        let farm = try FakeFarm()
        let (file, root) = (farm.folder.file("storage.conf"), farm.folder.file("storage"))
        try AtomicFile.write(Array("[storage]\ngraphroot = \"\(root)\"\n".utf8), to: file)
        let agent = try farm.startAgent(through: ["/usr/bin/env", "CONTAINERS_STORAGE_CONF=" + file])
        try await farm.idleWorker().close()
        try Directory.make(root + "/overlay-images")
        try AtomicFile.write(Array("[]".utf8), to: root + "/overlay-images/images.json")
        _ = try await farm.idleWorker()
        let seen = farm.offers.withLock { $0.map { $0.capabilities["engine.containers-storage"] } }
        // The second one may have been on its way when the file was made.
        #expect(seen.first == "no")
        if seen.last != "yes" {
            _ = try await farm.idleWorker()
            #expect(farm.offers.withLock { $0.last?.capabilities["engine.containers-storage"] } == "yes")
        }
        try agent.kill()
    }

    @Test("While a connection lasts the engines are looked at again, and told when they changed")
    func engineMeanwhile() async throws {
        let farm = try FakeFarm()
        let (file, root) = (farm.folder.file("storage.conf"), farm.folder.file("storage"))
        try AtomicFile.write(Array("[storage]\ngraphroot = \"\(root)\"\n".utf8), to: file)
        let request = try WorkerCommand.top.parse(
            ["agent", "--root", farm.folder.path, "--slots", "2", "--name", "w1"], version: "test", environment: [:])
        guard case .run(let invocation) = request else { return }
        let log = Log(identifier: "test", fieldPrefix: "FACTORY", form: .plain, threshold: .error)
        let parts = AgentParts(
            try WorkerSettings(invocation), await Containment.detect(), capabilities: ["isolation": "none"], log)
        let agent = Agent(
            parts, instance: String(repeating: "a", count: 32),
            engines: ContainerEngines(environment: ["CONTAINERS_STORAGE_CONF": file]),
            engineInterval: .milliseconds(50),
            notifier: nil)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await agent.run() }
            defer { group.cancelAll() }
            let connection = try await farm.idleWorker()
            #expect(farm.offers.withLock { $0.count } == 1)
            try Directory.make(root + "/vfs-images")
            try AtomicFile.write(Array("[]".utf8), to: root + "/vfs-images/images.json")
            _ = try await farm.idleWorker()
            let seen = farm.offers.withLock { $0.map { $0.capabilities["engine.containers-storage"] } }
            #expect(seen == ["no", "yes"])
            withExtendedLifetime(connection) {}
        }
    }
}
