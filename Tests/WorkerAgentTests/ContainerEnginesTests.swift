import IO
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
}
