import FactoryConversion
import FactorySpec
import Glibc
import IO
import TestSupport
import Testing

/// Kairos' programs from a directory of the user's.
struct ComponentDirectoryTests {
    private static let needed = ["immucore", "kairos-agent", "kcrypt-discovery-challenger"]

    private func directory(_ names: [String], mode: UInt32 = 0o755) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in names {
            try AtomicFile.write(Array("#!/bin/sh\n# \(name)\n".utf8), to: folder.file(name), mode: mode)
        }
        return folder
    }

    @Test func everyProgramIsFoundWithItsDigest() async throws {
        let folder = try directory(Self.needed)
        let programs = try await ComponentDirectory.programs(of: .directory(folder.path))
        #expect(programs.map(\.name) == Self.needed)
        #expect(programs.allSatisfy { $0.digest != nil })
        #expect(Set(programs.map(\.digest)).count == 3)
    }

    @Test("a missing program is named, with the directory and all that it must hold", arguments: needed)
    func missing(name: String) async throws {
        let folder = try directory(Self.needed.filter { $0 != name })
        let error = await #expect(throws: ConversionError.self) {
            try await ComponentDirectory.programs(of: .directory(folder.path))
        }
        #expect(error?.code == .badComponents)
        #expect(error?.message.contains("\(folder.path) has no \(name)") == true)
    }

    @Test func aFileThatCannotBeRunIsRefused() async throws {
        let folder = try directory(Self.needed, mode: 0o644)
        let error = await #expect(throws: ConversionError.self) {
            try await ComponentDirectory.programs(of: .directory(folder.path))
        }
        // Root may look at anything, but runs only what has an execute bit.
        #expect(error?.message.contains("is no executable file") == true)
    }

    @Test func noneNeedsNoDirectory() async throws {
        #expect(try await ComponentDirectory.programs(of: .none).isEmpty)
        await #expect(throws: ConversionError.self) {
            try await ComponentDirectory.programs(of: .directory("/nonexistent"))
        }
    }
}
