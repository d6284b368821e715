import Glibc
import IO

/// The mounts that processes see (proc_pid_mountinfo(5)). Each mount namespace has its own, so looking at our own only
/// says nothing of a job.
package enum MountTables {
    /// Whether that process has a mount at `path` or below it.
    package static func has(_ path: String, _ process: Int32) -> Bool {
        // One that has gone has none.
        guard let text = try? FileIO.readText("/proc/\(process)/mountinfo", limit: 1 << 22) else { return false }
        return text.split(separator: "\n").contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 4 && (fields[4] == path || fields[4].hasPrefix(path + "/"))
        }
    }

    /// All processes that have a mount at `path` or below it.
    package static func holders(of path: String) throws -> [Int32] {
        try Directory.entries("/proc").compactMap { Int32($0.name) }.filter { has(path, $0) }
    }
}
