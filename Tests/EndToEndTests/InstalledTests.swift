import FoundationEssentials
import IO
import Processes
import TestSupport
import Testing

/// What the programs need on a machine that only runs them.
struct InstalledTests {
    private static func lines(_ program: String, _ arguments: [String]) async throws -> [String] {
        let path = try #require(ToolFinder().find(program))
        return try await Command(path, arguments).text(until: .in(.seconds(30))).split(separator: "\n").map(String.init)
    }

    @Test(
        "every library that a program is linked with is in a package of the group runtime",
        .enabled(if: ToolFinder().find("readelf") != nil && ToolFinder().find("dpkg-query") != nil),
        arguments: ["factoryd", "factoryctl", "factory-worker"])
    func libraries(program: String) async throws {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let listed = try String(contentsOfFile: root + "/scripts/packages", encoding: .utf8).split(separator: "\n")
            .map { $0.split(separator: " ") }.filter { $0.first == "runtime" }.compactMap { $0.dropFirst().first }
        // Essential: no Debian is without them (dpkg(1)).
        let always = ["libc6", "libgcc-s1"]
        let libraries = try await Self.lines("readelf", ["--wide", "--dynamic", Program.path(program)]).compactMap {
            line -> String? in
            guard line.contains("(NEEDED)") else { return nil }
            return line.firstMatch(of: /\[(.+)\]/).map { String($0.1) }
        }
        #expect(libraries.count > 3)
        for library in libraries {
            // Those of Swift lie beside the compiler in a debug build, and inside the program in a release build.
            let (status, found) = try await Command(
                try #require(ToolFinder().find("dpkg-query")), ["--search", "*/" + library]
            ).output(until: .in(.seconds(30)))
            guard status.isSuccess else {
                #expect(
                    ["libswift", "libFoundation", "lib_Foundation", "libdispatch", "libBlocks"].contains {
                        library.hasPrefix($0)
                    }, "\(library) is in no package")
                continue
            }
            let packages = String(decoding: found, as: UTF8.self).split(separator: "\n").compactMap {
                $0.split(separator: ":").first
            }
            #expect(packages.contains { listed.contains($0) || always.contains(String($0)) }, "\(library): \(packages)")
        }
    }
}
