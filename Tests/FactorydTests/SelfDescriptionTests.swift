import IO
import Processes
import TestSupport
import Testing

/// What factoryd says of itself for those who package it.
struct SelfDescriptionTests {
    private static func run(_ arguments: [String]) async throws -> (ProcessStatus, String) {
        var lines: [String] = []
        let status = try await Command(BuiltPrograms.path("factoryd"), arguments)
            .run(until: .in(.seconds(60))) { lines.append($0.text) }
        return (status, lines.joined(separator: "\n"))
    }

    @Test("it prints its completion and writes its man page, and starts no farm")
    func completionAndManPage() async throws {
        let folder = try TemporaryFolder()
        let (status, script) = try await Self.run(["--root", folder.file("farm"), "--completion", "bash"])
        #expect(status == .exited(0) && script.contains("complete -F _factoryd factoryd"), "\(script)")
        let (written, said) = try await Self.run(["--root", folder.file("farm"), "--man", folder.file("man")])
        #expect(written == .exited(0), "\(said)")
        let page = try FileIO.read(folder.file("man/factoryd.8"), limit: 1 << 20)
        #expect(String(decoding: page, as: UTF8.self).contains("http\\-listen"))
        #expect(try FileIO.status(folder.file("farm")) == nil)
    }
}
