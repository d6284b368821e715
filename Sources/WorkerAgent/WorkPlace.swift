import Glibc
import IO
import Processes

/// Whether images can be made in a worker's directory: programs of a tree run there, and device nodes in it work. Tried,
/// and explained by the options of its mount (mount(8)).
struct WorkPlace: Sendable, Equatable {
    /// What stands in the way, each a sentence; empty when nothing does.
    var problems: [String] = []
    /// What of the mount is worth knowing.
    var options: [String] = []

    /// Tries it in the directory, which exists.
    static func look(_ path: String) async -> WorkPlace {
        var place = WorkPlace(options: options(of: path))
        let scratch: String
        do throws(IOError) {
            scratch = try Directory.temporary(path + "/.doctor-")
        } catch {
            place.problems.append("\(path) cannot be written: \(error.message)")
            return place
        }
        // A few bytes; what stays is removed by hand, and nobody is the worse for it.
        defer { try? Directory.remove(scratch) }
        if !(await runsPrograms(scratch)) {
            place.problems.append("programs cannot run in \(path)" + place.blamed("noexec"))
        }
        if geteuid() == 0, !opensDevices(scratch) {
            place.problems.append("device nodes do not work in \(path)" + place.blamed("nodev"))
        }
        return place
    }

    /// Names the option, where it is set.
    private func blamed(_ option: String) -> String {
        options.contains(option) ? ": it is mounted with \(option)" : ""
    }

    private static func options(of path: String) -> [String] {
        var facts = statvfs()
        guard statvfs(path, &facts) == 0 else { return [] }
        // ST_RDONLY and the others of statvfs(3), which are macros of _GNU_SOURCE.
        let names: [(bit: UInt, name: String)] = [(1, "ro"), (2, "nosuid"), (4, "nodev"), (8, "noexec")]
        return names.filter { facts.f_flag & $0.bit != 0 }.map(\.name)
    }

    private static func runsPrograms(_ scratch: String) async -> Bool {
        let program = scratch + "/program"
        do {
            try AtomicFile.write(Array("#!/bin/sh\n".utf8), to: program, mode: 0o755)
            return try await Command(program).run(until: .in(.seconds(10))).isSuccess
        } catch {
            return false
        }
    }

    private static func opensDevices(_ scratch: String) -> Bool {
        let node = scratch + "/null"
        // makedev(1, 3): /dev/null.
        guard mknod(node, S_IFCHR | 0o600, dev_t(0x103)) == 0 else { return false }
        let descriptor = open(node, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        close(descriptor)
        return true
    }
}
