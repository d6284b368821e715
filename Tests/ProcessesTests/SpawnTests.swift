import CLinux
import Glibc
import IO
import TestSupport
import Testing

@testable import Processes

/// The start of a process, with the ways that a kernel or a seccomp filter forces on it.
struct SpawnTests {
    static func request(_ script: String) -> SpawnRequest {
        SpawnRequest(
            paths: ["/bin/sh"], arguments: ["sh", "-c", script], environment: Command.plainEnvironment, root: nil,
            directory: nil, descriptors: [])
    }

    @Test(
        "Where clone3 is refused, a contained process is started the old way, in its group all the same",
        .enabled(if: geteuid() == 0 && ControlGroup.own() != nil, "needs root and cgroup v2"))
    func withoutClone3() async throws {
        let group = try #require(ControlGroup.own()).child("spawn-test-\(getpid())")
        try group.make()
        defer { try? group.remove() }
        var request = Self.request("grep -q '0::.*spawn-test' /proc/self/cgroup && test $$ -gt 1")
        request.namespaces = [.process, .mount]
        request.flags.rawValue |= LINUX_SPAWN_INIT.rawValue | LINUX_SPAWN_NO_CLONE3.rawValue
        request.controlGroup = try group.open()
        defer { close(request.controlGroup) }
        let child = try request.spawn()
        #expect(try await child.ended(until: .in(.seconds(20))).status == .exited(0))
    }

    @Test("A program that nobody holds any more is reaped when it ends")
    func letGo() async throws {
        let (read, write) = try Descriptor.pipe()
        var request = Self.request("read line; exit 0")
        request.descriptors = [read.rawValue]
        let pid = try request.spawn().pid
        #expect(ProcessFacts(pid: pid) != nil)
        write.close()
        let deadline = Deadline.in(.seconds(20))
        while ProcessFacts(pid: pid) != nil, !deadline.hasPassed {
            try await Poller.shared.sleep(until: .in(.milliseconds(5)))
        }
        #expect(ProcessFacts(pid: pid) == nil)
    }

    @Test("A program is started with the umask 022, whatever ours is", arguments: Umask.usual)
    func umask(mask: mode_t) async throws {
        let folder = try TemporaryFolder()
        let request = Self.request("umask > \(folder.file("umask"))")
        let child = try await Umask.with(mask) { try request.spawn() }
        #expect(try await child.ended(until: .in(.seconds(20))).status == .exited(0))
        #expect(try FileIO.readText(folder.file("umask"), limit: 10) == "0022\n")
    }

    @Test("A control group that is none is an error with its stage, and leaves no process")
    func badGroup() throws {
        var request = Self.request("exit 0")
        let directory = try FileIO.open("/tmp", O_RDONLY | O_DIRECTORY)
        request.controlGroup = directory.rawValue
        let error = #expect(throws: ProcessError.self) { try request.spawn() }
        #expect(error?.stage == .clone)
    }

    @Test("Descriptors may change places")
    func swapped() async throws {
        let one = try Descriptor.pipe()
        let two = try Descriptor.pipe()
        var request = Self.request("echo out; echo err >&2")
        // In us 1 and 2 are taken; what counts is that sources and targets overlap without loss.
        request.descriptors = [-1, two.write.rawValue, one.write.rawValue]
        let child = try request.spawn()
        #expect(try await child.ended(until: .in(.seconds(20))).status == .exited(0))
        #expect(try await two.read.read(upTo: 64, until: .in(.seconds(30))) == Array("out\n".utf8))
        #expect(try await one.read.read(upTo: 64, until: .in(.seconds(30))) == Array("err\n".utf8))
    }

    @Test("Cancelling the wait for a process leaves it alone, and its end can be had later, as often as wanted")
    func waiting() async throws {
        let child = try Self.request("exec sleep 100").spawn()
        let code = await withTaskGroup(of: ProcessError.Code?.self) { group in
            group.addTask {
                do throws(ProcessError) {
                    _ = try await child.ended(until: .in(.seconds(60)))
                    return nil
                } catch { return error.code }
            }
            group.cancelAll()
            return await group.next() ?? nil
        }
        #expect(code == .cancelled)
        #expect(try child.takeEnding() == nil)
        try child.signal(SIGKILL)
        #expect(try await child.ended(until: .in(.seconds(20))).status == .signalled(SIGKILL))
        #expect(try await child.ended(until: .in(.seconds(20))).status == .signalled(SIGKILL))
    }

    @Test("Facts of a process are those of the kernel, and those of one that is gone are nil")
    func facts() throws {
        let own = try #require(ProcessFacts(pid: getpid()))
        #expect(own.parent == getppid())
        #expect(own.namespacePIDs.first == getpid() || own.namespacePIDs.count > 1)
        #expect(!own.isNamespaceInit)
        // Above the highest number that a kernel gives (proc_sys_kernel(5), pid_max).
        #expect(ProcessFacts(pid: 1 << 23) == nil)
    }
}
