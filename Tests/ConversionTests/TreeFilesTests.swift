import Crypto
import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Testing

@testable import FactoryConversion

/// Writing into a tree that may be anybody's.
struct TreeFilesTests {
    /// A tree and, beside it, what must not be touched.
    private final class Fixture {
        let directory: String
        let files: TreeFiles

        init() throws {
            directory = try Directory.temporary("/tmp/factory-tree.")
            try Directory.make(directory + "/tree/etc")
            try Directory.make(directory + "/outside")
            files = try TreeFiles(directory + "/tree")
        }

        deinit {
            // A directory left behind in /tmp fails no test.
            try? Directory.remove(directory)
        }

        func outside() throws -> [String] { try Directory.entries(directory + "/outside").map(\.name) }
    }

    @Test func aLinkNeverLeadsOutOfTheTree() throws {
        let fixture = try Fixture()
        for (name, target) in [
            ("up", "../../outside"), ("absolute", fixture.directory + "/outside"), ("far", "/../../../outside"),
        ] {
            #expect(symlink(target, fixture.directory + "/tree/" + name) == 0)
            // Inside the tree there is no such directory, so there is nothing to write to.
            #expect(throws: ConversionError.self) { try fixture.files.write("x", to: "/\(name)/file", mode: 0o644) }
            #expect(try fixture.files.remove("/\(name)/*") == 0)
        }
        #expect(try fixture.outside().isEmpty)
    }

    /// Links by which a base could lead its reader out of the tree, to a directory that the tree has as well.
    @Test(arguments: ["absolute", "climbing"])
    func factsOfFilesAreThoseInTheTree(_ kind: String) async throws {
        let fixture = try Fixture()
        let outside = fixture.directory + "/outside"
        try AtomicFile.write(Array("outside".utf8), to: outside + "/file")
        try Directory.make(fixture.files.root + outside)
        try AtomicFile.write(Array("in".utf8), to: fixture.files.root + outside + "/file")
        let target = kind == "absolute" ? outside : "../.." + outside
        #expect(symlink(target, fixture.files.root + "/boot") == 0)
        #expect(try fixture.files.size("/boot/file") == 2)
        #expect(try await fixture.files.digest("/boot/file") == Digest(hash: SHA256.hash(Array("in".utf8))))
        #expect(try fixture.files.size("/boot/none") == nil)
        #expect(try await fixture.files.digest("/boot") == nil)
    }

    /// What a base has in the place of a file is the same at every try.
    @Test(arguments: ["loop", "two links", "directory", "large", "socket", "through a file", "dangling directory"])
    func whatABaseHasInTheWayIsTheDescriptionsFault(_ kind: String) throws {
        let fixture = try Fixture()
        let (root, path) = (fixture.files.root, "/etc/os-release")
        switch kind {
        case "loop": #expect(symlink("os-release", root + path) == 0)
        case "two links":
            #expect(symlink("/etc/b", root + path) == 0)
            #expect(symlink("/etc/os-release", root + "/etc/b") == 0)
        case "directory": try Directory.make(root + path)
        case "large":
            let file = try FileIO.open(root + path, O_WRONLY | O_CREAT)
            #expect(ftruncate(file.rawValue, off_t(5 << 20)) == 0)
        case "socket": _ = try Listener.unix(root + path)
        case "through a file":
            try AtomicFile.write([1], to: root + "/usr")
        default: #expect(symlink("nowhere", root + "/usr") == 0)
        }
        let needsDirectory = kind.contains("file") || kind.contains("dangling")
        let error = #expect(throws: ConversionError.self) {
            if needsDirectory { try fixture.files.write("x", to: "/usr/lib/x", mode: 0o644) }
            _ = try fixture.files.text(path)
        }
        #expect(error?.cause == .spec && error?.code == .badTree, "\(String(describing: error))")
        #expect(error?.message.contains(needsDirectory ? "/usr" : path) == true, "\(String(describing: error))")
    }

    @Test func aComponentIsCheckedWhereItWasWritten() async throws {
        let fixture = try Fixture()
        let (outside, components) = (fixture.directory + "/outside", fixture.directory + "/components")
        try AtomicFile.write(Array("canary".utf8), to: outside + "/immucore")
        try Directory.make(components)
        try AtomicFile.write(Array("program".utf8), to: components + "/immucore")
        try Directory.make(fixture.files.root + "/usr")
        try Directory.make(fixture.files.root + outside)
        #expect(symlink(outside, fixture.files.root + "/usr/bin") == 0)
        let program = ComponentProgram(
            name: "immucore", path: "/usr/bin/immucore", isRequired: true,
            digest: Digest(hash: SHA256.hash(Array("program".utf8))))
        let actions = TreeActions(files: fixture.files, runner: nil, components: components, sourceDateEpoch: 0)
        try await JobReport { _ in }.step("copy", "Copy") { try await actions.perform(.component(program), $0) }
        #expect(try FileIO.readText(outside + "/immucore", limit: 100) == "canary")
        #expect(try fixture.files.text("/usr/bin/immucore") == "program")
    }

    @Test func aFileReplacesALinkAndDoesNotFollowIt() throws {
        let fixture = try Fixture()
        #expect(symlink("../../outside/file", fixture.directory + "/tree/etc/motd") == 0)
        try fixture.files.write("welcome\n", to: "/etc/motd", mode: 0o644)
        #expect(try fixture.files.kind("/etc/motd") == .file)
        #expect(try fixture.files.text("/etc/motd") == "welcome\n")
        #expect(try fixture.outside().isEmpty)
    }

    @Test func modesDoNotDependOnTheUmask() throws {
        let fixture = try Fixture()
        let old = umask(0o077)
        defer { umask(old) }
        try fixture.files.write("#!/bin/sh\n", to: "/a/b/c", mode: 0o755)
        try fixture.files.makeDirectory("/d", mode: 0o700)
        func mode(_ path: String) throws -> UInt32? { try FileIO.status(fixture.files.root + path)?.permissions }
        #expect(try mode("/a") == 0o755)
        #expect(try mode("/a/b") == 0o755)
        #expect(try mode("/a/b/c") == 0o755)
        #expect(try mode("/d") == 0o700)
    }

    @Test func linksWithinTheTreeAreFollowedOnTheWay() throws {
        let fixture = try Fixture()
        try fixture.files.makeDirectory("/usr/lib", mode: 0o755)
        try fixture.files.link("/lib", to: "usr/lib")
        try fixture.files.write("x", to: "/lib/modules/1/modules.dep", mode: 0o644)
        #expect(try fixture.files.text("/usr/lib/modules/1/modules.dep") == "x")
        #expect(try fixture.files.names("/lib/modules") == ["1"])
        #expect(fixture.files.exists("/lib/modules"))
    }

    @Test func patternsRemoveWhatTheyNameHiddenFilesAndTreesIncluded() throws {
        let fixture = try Fixture()
        for path in [
            "/tmp/a/b/c", "/tmp/.hidden", "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_rsa_key.pub",
            "/etc/ssh/sshd_config",
        ] {
            try fixture.files.write("x", to: path, mode: 0o600)
        }
        #expect(symlink(fixture.directory + "/outside", fixture.directory + "/tree/tmp/link") == 0)
        #expect(try fixture.files.remove("/tmp/*") == 3)
        #expect(try fixture.files.remove("/etc/ssh/ssh_host_*_key*") == 2)
        #expect(try fixture.files.names("/etc/ssh") == ["sshd_config"])
        #expect(try fixture.files.names("/tmp") == [])
        #expect(try fixture.files.remove("/nowhere/*") == 0)
        #expect(try FileIO.status(fixture.directory + "/outside") != nil)
    }

    @Test func emptyingKeepsTheFileAndMakesNone() throws {
        let fixture = try Fixture()
        try fixture.files.write("id", to: "/etc/machine-id", mode: 0o444)
        try fixture.files.truncate("/etc/machine-id")
        try fixture.files.truncate("/etc/hostname")
        #expect(try fixture.files.text("/etc/machine-id") == "")
        #expect(try fixture.files.text("/etc/hostname") == nil)
        #expect(try FileIO.status(fixture.files.root + "/etc/machine-id")?.permissions == 0o444)
    }

    @Test(
        "knows which kernel is newer",
        arguments: [
            ("6.1.0-9-amd64", "6.1.0-56-amd64"), ("6.1.0-56-amd64", "6.12.117+deb13-amd64"),
            ("5.14.0-99-generic", "5.14.0-101-generic"),
            ("6.6.0", "6.6.0-1"), ("6.12-foo", "6.12.1-foo"),
        ])
    func kernels(older: String, newer: String) {
        #expect(KernelVersion.newest(of: [newer, older]) == newer)
        #expect(KernelVersion.newest(of: [older, newer]) == newer)
        #expect(KernelVersion.newest(of: []) == nil)
    }
}
