import CLinux
import Glibc
package import IO

/// A directory of the cgroup v2 hierarchy: processes started in it, and all their descendants, can be ended with one
/// write (cgroups(7), Documentation/admin-guide/cgroup-v2.rst).
package struct ControlGroup: Sendable, Hashable {
    /// Its directory.
    package let path: String

    /// The group that this process is in, where the hierarchy is mounted; nil without cgroup v2.
    package static func own() -> ControlGroup? {
        guard let groups = TextFile.read("/proc/self/cgroup"), let mounts = TextFile.read("/proc/self/mountinfo"),
            let place = groups.split(separator: "\n").first(where: { $0.hasPrefix("0::") })?.dropFirst(3)
        else { return nil }
        for line in mounts.split(separator: "\n") {
            // 36 35 98:0 /root /mount/point options - type source options (proc_pid_mountinfo(5))
            guard let separator = line.range(ofText: " - cgroup2 ") else { continue }
            let words = line[..<separator].split(separator: " ")
            guard words.count >= 5 else { continue }
            return ControlGroup(path: place == "/" ? String(words[4]) : String(words[4]) + place)
        }
        return nil
    }

    /// The group below this one with that name.
    package func child(_ name: String) -> ControlGroup { ControlGroup(path: "\(path)/\(name)") }

    /// The names of the groups below this one.
    package func children() -> [String] { TextFile.directories(in: path).sorted() }

    /// Makes the group; one that is there already is no error.
    package func make() throws(ProcessError) {
        if mkdir(path, 0o755) != 0 && errno != EEXIST { throw .system("make the control group \(path)", errno) }
    }

    /// Removes the group and those that a job made below it, all without a process; one that is gone is no error.
    package func remove() throws(ProcessError) {
        for name in children() { try child(name).remove() }
        if rmdir(path) != 0 && errno != ENOENT { throw .system("remove the control group \(path)", errno) }
    }

    /// Whether a process is in it or below it; false when the group is gone.
    package var isPopulated: Bool { TextFile.read("\(path)/cgroup.events")?.contains("populated 1") ?? false }

    /// Ends every process in it and below it, at once and without appeal; a group that is gone is no error.
    package func killAll() throws(ProcessError) {
        let file = Glibc.open("\(path)/cgroup.kill", O_WRONLY | O_CLOEXEC)
        if file < 0 {
            if errno == ENOENT { return }
            throw .system("open \(path)/cgroup.kill", errno)
        }
        defer { close(file) }
        if write(file, "1", 1) != 1 { throw .system("write \(path)/cgroup.kill", errno) }
    }

    /// Waits until no process is in it or below it.
    package func emptied(until deadline: Deadline) async throws(ProcessError) {
        let watch = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        if watch < 0 { throw .system("inotify_init1", errno) }
        defer {
            Poller.shared.forget(watch)
            close(watch)
        }
        if inotify_add_watch(watch, "\(path)/cgroup.events", UInt32(IN_MODIFY)) < 0 {
            if errno == ENOENT { return }
            throw .system("watch \(path)/cgroup.events", errno)
        }
        while isPopulated {
            do {
                try await Poller.shared.wait(watch, .read, until: deadline)
            } catch {
                throw ProcessError(waiting: error, for: "the end of all processes in \(path)")
            }
            // What happened does not matter, only that something did.
            var events = [UInt8](repeating: 0, count: 4096)
            while read(watch, &events, events.count) > 0 {}
        }
    }

    /// A descriptor of the directory, for `linux_spawn`; the caller closes it.
    func open() throws(ProcessError) -> Int32 {
        let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if descriptor < 0 { throw .system("open the control group \(path)", errno) }
        return descriptor
    }
}
