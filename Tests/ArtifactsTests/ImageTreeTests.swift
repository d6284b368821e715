import FactoryArtifacts
import FactoryProtocol
import IO
import TestSupport
import Testing

@Suite struct ImageTreeTests {
    private let folder: TemporaryFolder
    private let tree: ImageTree

    init() throws {
        folder = try TemporaryFolder()
        tree = ImageTree(root: folder.file("tree"))
        try write("x", to: tree.path("/usr/lib/shim/shimx64.efi.signed.real"))
        try write("x", to: tree.path("/boot/vmlinuz-6.1"))
        try makeLink(tree.path("/boot/vmlinuz"), to: "vmlinuz-6.1")
        try makeLink(tree.path("/usr/lib/shim/shimx64.efi.signed"), to: "/usr/lib/shim/shimx64.efi.signed.real")
        try makeLink(tree.path("/lib"), to: "usr/lib")
        try makeLink(tree.path("/up"), to: "../../../../../../boot/vmlinuz-6.1")
        try makeLink(tree.path("/host"), to: "/etc/passwd")
        try makeLink(tree.path("/loop"), to: "loop")
        try makeLink(tree.path("/dangling"), to: "nowhere")
    }

    @Test(arguments: [
        ("/boot/vmlinuz", "/boot/vmlinuz-6.1"), ("/boot/../boot/./vmlinuz", "/boot/vmlinuz-6.1"),
        ("/usr/lib/shim/shimx64.efi.signed", "/usr/lib/shim/shimx64.efi.signed.real"),
        ("/lib/shim/shimx64.efi.signed", "/usr/lib/shim/shimx64.efi.signed.real"), ("/up", "/boot/vmlinuz-6.1"),
    ])
    func linksLeadWhereTheyLeadInsideTheImage(_ path: String, _ file: String) throws {
        #expect(try tree.resolved(path, .file) == file)
    }

    @Test(arguments: ["/host", "/loop", "/dangling", "/boot", "/nothing", "/boot/vmlinuz/below"])
    func whatIsNoFileOfTheImageIsNone(_ path: String) throws {
        #expect(try tree.resolved(path, .file) == nil)
    }

    @Test func theFactsAreThoseOfTheTree() throws {
        try write(Fixtures.kairosRelease, to: tree.path("/etc/kairos-release"))
        try Directory.make(tree.path("/usr/lib/modules/6.1"))
        try Directory.make(tree.path("/proc"))
        let facts = try tree.facts(for: .amd64)
        #expect(facts.release["FLAVOR"] == "debian")
        #expect(facts.boot.moduleVersions == ["6.1"])
        #expect(facts.boot.entries.map(\.name) == ["vmlinuz", "vmlinuz-6.1"])
        #expect(facts.directories == ["/boot", "/proc"])
        #expect(facts.files == ["/usr/lib/shim/shimx64.efi.signed": "/usr/lib/shim/shimx64.efi.signed.real"])
        #expect(!facts.hasInstaller)
    }

    /// `ü` of Latin-1, as old images write it.
    @Test func anOSReleaseThatIsNotUTF8IsReadAllTheSame() throws {
        try write(Fixtures.kairosRelease, to: tree.path("/etc/kairos-release"))
        try write(
            Array("HOME_URL=M".utf8) + [0xFC] + Array("ller\nEXTRA=yes\n".utf8), to: tree.path("/usr/lib/os-release"))
        try makeLink(tree.path("/etc/os-release"), to: "../usr/lib/os-release")
        let release = try tree.facts(for: .amd64).release
        #expect(release["FLAVOR"] == "debian" && release["EXTRA"] == "yes")
    }

    @Test(arguments: ["loop", "directory", "far"]) func anOSReleaseThatIsNoFileIsNone(_ kind: String) throws {
        try write(Fixtures.kairosRelease, to: tree.path("/etc/kairos-release"))
        switch kind {
        case "loop": try makeLink(tree.path("/etc/os-release"), to: "os-release")
        case "far": try makeLink(tree.path("/etc/os-release"), to: String(repeating: "x/", count: 2000) + "y")
        default: try Directory.make(tree.path("/etc/os-release"))
        }
        #expect(try tree.facts(for: .amd64).release["FLAVOR"] == "debian")
    }

    @Test func anOSReleaseThatIsTooLargeIsTheImagesFault() throws {
        try write([UInt8](repeating: 0x23, count: (1 << 20) + 1), to: tree.path("/etc/os-release"))
        #expect {
            try tree.facts(for: .amd64)
        } throws: {
            let error = $0 as? ArtifactsError
            return error?.code == .badTree && error?.message.contains("/etc/os-release") == true
        }
    }
}
