import CLinux
import Glibc
import IO

@testable import Processes

/// A contained shell script whose processes and mounts are counted from outside.
final class Victim: Sendable {
    /// A word that is in the command line of each of its processes, and in the name of its directory.
    let marker: String
    let directory: String
    let process: ContainedProcess
    private let output: Int32

    /// Starts `script` with `$1` the marker and `$2` a directory of its own, and returns when it has printed "ready".
    init(_ script: String, in containment: Containment) async throws {
        marker = "victim-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        directory = "/tmp/\(marker)"
        mkdir(directory, 0o755)
        var ends: [Int32] = [-1, -1]
        _ = linux_blocking_pipe(&ends)
        output = ends[0]
        var command = Command("/bin/sh", ["-c", script, "sh", marker, directory])
        command.standardOutput = .descriptor(ends[1])
        process = try containment.start(command, name: marker, hasOwnInit: false)
        close(ends[1])
        try await readReady()
    }

    deinit {
        Poller.shared.forget(output)
        close(output)
        umount2(directory, Int32(MNT_DETACH))
        for name in ["up", "hop", "fifo", "file", "bomb", "born"] { unlink("\(directory)/\(name)") }
        rmdir(directory)
    }

    private func readReady() async throws {
        _ = fcntl(output, F_SETFL, O_NONBLOCK)
        var text = ""
        while !text.contains("ready\n") {
            try await Poller.shared.wait(output, .read, until: .in(.seconds(20)))
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = read(output, &bytes, bytes.count)
            if count == 0 { throw ProcessError(.programFailed, "the victim ended before it was ready: \(text)") }
            if count > 0 { text += String(decoding: bytes[..<count], as: UTF8.self) }
        }
    }

    /// The processes with the marker in their command line, by number.
    var living: [Int32] {
        TextFile.directories(in: "/proc").compactMap { Int32($0) }.filter { pid in
            TextFile.read("/proc/\(pid)/cmdline")?.contains(marker) == true && ProcessFacts(pid: pid)?.state != "Z"
        }
    }

    /// Waits until there are so many of them. One that is between fork and exec has no command line for a moment.
    func lives(_ count: Int) async throws -> Bool {
        let deadline = Deadline.in(.seconds(20))
        while living.count < count {
            if deadline.hasPassed { return false }
            try await Poller.shared.sleep(until: .in(.milliseconds(5)))
        }
        return true
    }

    /// The process that runs the script itself: the one whose parent is the init, or the watched one.
    var job: Int32? {
        guard ProcessFacts(pid: process.pid)?.isNamespaceInit == true else { return process.pid }
        return ProcessFacts.children(of: process.pid).first
    }

    /// Whether the host sees a mount of it.
    var isMountLeft: Bool { TextFile.read("/proc/self/mountinfo")?.contains(marker) == true }

    /// Whether its control group is still there.
    var isGroupLeft: Bool { ControlGroup.own().map { access($0.child(marker).path, F_OK) == 0 } ?? false }
}
