import CLinux
import FactoryProtocol
import Glibc
import IO
import Processes
import TestSupport
import Testing

@testable import FactoryImages

@Suite(.enabled(if: isRoot, "mounts overlayfs: needs root"))
struct OverlayMountTests {
    let scratch: Scratch
    init() throws {
        scratch = try Scratch()
        try scratch.write("a:b,c/low/file", "low")
        try scratch.write("mid/other", "mid")
    }

    @Test func changesGoToTheUpperDirectoryWhateverThePathsAreCalled() throws {
        let mount = try OverlayMount.writable(
            lowers: [scratch("mid"), scratch("a:b,c")], upper: scratch("up,per"), work: scratch("wo:rk"),
            at: scratch("m"))
        #expect(try paths(scratch("m")) == ["low", "low/file", "other"])
        try scratch.write("m/new", "new")
        try FileIO.removeFile(scratch("m/other"))
        try mount.unmount()
        #expect(try paths(scratch("m")).isEmpty)
        #expect(try paths(scratch("up,per")) == ["new", "other"])
        #expect(try FileIO.status(scratch("up,per/other"))?.kind == .device)
        #expect(try paths(scratch("a:b,c")) == ["low", "low/file"])
    }

    @Test("The root of a tree has mode 0755 under every umask", arguments: Umask.usual)
    func theRootOfATree(mask: mode_t) async throws {
        let scratch = scratch
        let mount = try await Umask.with(mask) {
            try OverlayMount.writable(
                lowers: [scratch("mid")], upper: scratch("upper"), work: scratch("work"), at: scratch("m"))
        }
        #expect(try FileIO.status(scratch("m"))?.permissions == 0o755)
        try mount.unmount()
    }

    @Test(arguments: [1, 2]) func aTreeForReadingCannotBeWritten(_ layers: Int) throws {
        let mount = try OverlayMount.readOnly(
            lowers: Array([scratch("a:b,c"), scratch("mid")].prefix(layers)), at: scratch("m"))
        #expect(try FileIO.readText(scratch("m/low/file"), limit: 10) == "low")
        #expect(throws: IOError.self) { try AtomicFile.write([], to: scratch("m/new")) }
        try mount.unmount()
        #expect(try Directory.entries(scratch.path).map(\.name) == ["a:b,c", "m", "mid"])
    }

    @Test func manyLayersWithLongPathsFit() throws {
        var layers: [String] = []
        for index in 0..<120 {
            let name = String(repeating: "x", count: 200) + "\(index)"
            try scratch.write("\(name)/f\(index)", "\(index)")
            layers.append(scratch(name))
        }
        let mount = try OverlayMount.readOnly(lowers: layers, at: scratch("m"))
        #expect(try paths(scratch("m")).count == 120)
        try mount.unmount()
    }

    @Test func aTreeThatIsStillWrittenToIsNotTakenForDone() throws {
        let mount = try OverlayMount.writable(
            lowers: [scratch("mid")], upper: scratch("upper"), work: scratch("work"), at: scratch("m"))
        let file = try FileIO.open(scratch("m/late"), O_WRONLY | O_CREAT)
        #expect { try mount.unmount() } throws: { ($0 as? ImageError)?.code == .mountRefused }
        file.close()
        try mount.unmount()
    }

    @Test func nodesInATreeCannotBeOpened() throws {
        let mount = try OverlayMount.writable(
            lowers: [scratch("mid")], upper: scratch("upper"), work: scratch("work"), at: scratch("m"))
        #expect(mknod(scratch("m/null"), 0o020666, dev_t(0x103)) == 0)
        #expect(open(scratch("m/null"), O_RDONLY) < 0)
        #expect(errno == EACCES)
        try mount.unmount()
    }

    @Test func aMissingLayerIsNamed() throws {
        #expect {
            try OverlayMount.readOnly(lowers: [scratch("mid"), scratch("none")], at: scratch("m"))
        } throws: {
            ($0 as? ImageError)?.message.contains("none") == true
        }
    }
}

/// Programs of this machine, shown in an otherwise empty tree.
@Suite(.enabled(if: isRoot, "mounts and changes root: needs root"))
struct TreeRunnerTests {
    let scratch: Scratch
    init() throws {
        scratch = try Scratch()
        for name in ["bin", "usr/sbin", "etc"] { try Directory.make(scratch("tree/" + name)) }
    }

    /// A shell of the machine, with its libraries shown in the tree by the test itself.
    private func shell(_ script: String) async throws -> [String] {
        let tree = scratch("tree")
        var shown: [String] = []
        for name in ["usr/bin", "usr/lib", "usr/lib64", "lib", "lib64"] where FileIO.isThere("/" + name) {
            try Directory.make("\(tree)/\(name)")
            guard mount("/" + name, "\(tree)/\(name)", nil, UInt(MS_BIND), nil) == 0 else { continue }
            shown.append(name)
        }
        defer { for name in shown.reversed() { umount2("\(tree)/\(name)", 0) } }
        return try await TreeRunner.with(tree, scratch: scratch("scratch"), sourceDateEpoch: 42) { runner in
            var lines: [String] = []
            let status = try await runner.command("/usr/bin/bash", ["-c", script]).run(until: .in(.seconds(20))) {
                lines.append($0.text)
            }
            return lines + ["\(status)"]
        }
    }

    /// Another try, or another worker, would meet the same.
    @Test(arguments: [
        ("tmp", "file"), ("tmp", "loop"), ("run", "nowhere"), ("run", "file"), ("proc", "file"), ("dev", "nowhere"),
        ("etc", "file"), ("usr/sbin/policy-rc.d", "directory"), ("usr/sbin/policy-rc.d", "nowhere"),
        ("etc/resolv.conf", "directory"),
    ])
    func whatABaseHasInTheWayIsTheDescriptionsFault(_ path: String, _ kind: String) async throws {
        let place = scratch("tree/" + path)
        try Directory.remove(place)
        switch kind {
        case "file": try AtomicFile.write([1], to: place)
        case "directory": try Directory.make(place)
        case "loop": #expect(symlink("/" + path, place) == 0)
        default: #expect(symlink("/nowhere", place) == 0)
        }
        let before = try paths(scratch("tree"))
        let error = await #expect(throws: ImageError.self) {
            try await TreeRunner.with(scratch("tree"), scratch: scratch("scratch")) { _ in }
        }
        #expect(error?.code == .badTree && error?.cause == .spec, "\(String(describing: error))")
        #expect(error?.message.contains("/" + path) == true, "\(String(describing: error))")
        #expect(try paths(scratch("tree")) == before)
    }

    @Test func programsFindWhatTheyNeedAndNothingIsLeft() async throws {
        let before = Set(try paths(scratch("tree")))
        let lines = try await shell(
            """
            cat /proc/self/comm; echo $SOURCE_DATE_EPOCH; echo x > /dev/null && echo null; head -c 2 /dev/zero | wc -c
            test -x /usr/sbin/policy-rc.d; bash /usr/sbin/policy-rc.d; echo policy $?; touch /run/x /tmp/x && echo run; test -s /etc/resolv.conf && echo names
            echo 1 > /proc/sys/kernel/panic || echo protected; ls /sys/kernel > /dev/null && echo sys; pwd
            """)
        #expect(lines.contains("cat"))
        #expect(lines.contains("42"))
        #expect(lines.contains("null"))
        #expect(lines.contains("2"))
        #expect(lines.contains("policy 101"))
        #expect(lines.contains("run"))
        #expect(lines.contains("protected"))
        #expect(lines.contains("sys"))
        #expect(lines.contains("/"))
        #expect(lines.last == "exit status 0")
        let left = Set(try paths(scratch("tree"))).subtracting(before)
        #expect(left.subtracting(["usr/bin", "usr/lib", "usr/lib64", "lib", "lib64"]).isEmpty, "\(left)")
    }

    /// What programs of a base that somebody else made could try.
    @Test func aProgramCanNeitherLeaveTheTreeNorMountNorOpenTheDisks() async throws {
        try scratch.write("secret", "of the machine")
        let lines = try await shell(
            """
            mount -t tmpfs none /tmp 2>/dev/null || echo no mount
            cat /proc/1/root/etc/passwd 2>/dev/null || echo no other root
            mknod /tmp/disk b 254 0 && { head -c 1 /tmp/disk > /dev/null 2>&1 || echo no disk; }
            mknod /disk b 254 0 && { head -c 1 /disk > /dev/null 2>&1 || echo no disk in the tree; }
            rm -f /disk
            perl -e 'mkdir "/tmp/x"; chroot "/tmp/x" or die; chdir ".." for 1..64; chroot "."; print -e "\(scratch("secret"))" ? "out\\n" : "inside\\n"'
            """)
        #expect(lines.contains("no mount"), "\(lines)")
        #expect(lines.contains("no other root"), "\(lines)")
        #expect(lines.contains("no disk"), "\(lines)")
        #expect(lines.contains("inside"), "\(lines)")
    }

    @Test func aProgramThatIsLeftRunningEndsWithTheRunner() async throws {
        let lines = try await shell("setsid sleep 1000 > /dev/null 2>&1 & echo $!")
        let left = try #require(lines.first.flatMap { Int32($0) })
        // One that has ended has no root any more, also while nobody has asked for its status.
        #expect(!FileIO.isThere("/proc/\(left)/root/"))
    }

    @Test func aFailureInTheMiddleLeavesNothingEither() async throws {
        struct Stop: Error {}
        let before = try paths(scratch("tree"))
        await #expect(throws: Stop.self) {
            try await TreeRunner.with(scratch("tree"), scratch: scratch("scratch")) { _ in throw Stop() }
        }
        #expect(try paths(scratch("tree")) == before)
    }

    @Test func filesThatAreThereComeBackUntouched() async throws {
        try scratch.write("tree/etc/resolv.conf", "nameserver 192.0.2.1\n")
        try scratch.write("tree/usr/sbin/policy-rc.d", "own")
        try await TreeRunner.with(scratch("tree"), scratch: scratch("scratch")) { _ in
            let shown = try FileIO.readText(scratch("tree/usr/sbin/policy-rc.d"), limit: 100)
            #expect(shown.hasSuffix("exit 101\n"))
        }
        #expect(try FileIO.readText(scratch("tree/etc/resolv.conf"), limit: 100) == "nameserver 192.0.2.1\n")
        #expect(try FileIO.readText(scratch("tree/usr/sbin/policy-rc.d"), limit: 100) == "own")
    }

    @Test func aLinkIntoRunIsKeptAndResolvesMeanwhile() async throws {
        #expect(symlink("../run/systemd/resolve/stub-resolv.conf", scratch("tree/etc/resolv.conf")) == 0)
        try await TreeRunner.with(scratch("tree"), scratch: scratch("scratch")) { runner in
            #expect(runner.warnings.isEmpty)
            #expect(FileIO.isThere(scratch("tree/run/systemd/resolve/stub-resolv.conf")))
        }
        #expect(try FileIO.status(scratch("tree/etc/resolv.conf"))?.kind == .link)
        #expect(!FileIO.isThere(scratch("tree/run")))
    }

    @Test func linksInTheTreeDoNotLeadOutOfIt() async throws {
        #expect(symlink(scratch("outside"), scratch("tree/proc")) == 0)
        try Directory.make(scratch("outside"))
        await #expect(throws: ImageError.self) {
            try await TreeRunner.with(scratch("tree"), scratch: scratch("scratch")) { _ in }
        }
        #expect(try paths(scratch("outside")).isEmpty)
    }
}

extension FileIO {
    static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
