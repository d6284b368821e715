import Glibc

/// A mount, as the table of this process's mount namespace has it (proc_pid_mountinfo(5)).
package struct MountPoint: Sendable, Equatable {
    /// Where it is mounted.
    package let path: String
    /// The options of this mount: `rw`, `noexec`, `nodev`… Those of the file system itself are not among them.
    package let options: [String]

    /// A table of thousands of mounts has a few megabytes.
    private static let largestTable = 64 << 20

    /// The mount that holds a file or directory, which exists; nil where the table has none for it.
    package static func holding(_ path: String) throws(IOError) -> MountPoint? {
        guard let resolved = realpath(path, nil) else { throw IOError(system: errno, "realpath", path) }
        defer { free(resolved) }
        return holding(
            String(cString: resolved), in: try FileIO.readText("/proc/self/mountinfo", limit: largestTable))
    }

    /// The same for an absolute path without links, in the text of a table.
    static func holding(_ path: String, in table: String) -> MountPoint? {
        var found: MountPoint?
        for line in table.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 5 else { continue }
            let place = decoded(fields[4])
            let isAbove = place == "/" || path == place || path.hasPrefix(place + "/")
            // Of two at one place the later one covers the earlier.
            guard isAbove, place.utf8.count >= found?.path.utf8.count ?? 0 else { continue }
            found = MountPoint(path: place, options: fields[5].split(separator: ",").map(String.init))
        }
        return found
    }

    /// Blanks, line ends and backslashes are three octal digits behind a backslash.
    private static func decoded(_ field: Substring) -> String {
        let bytes = Array(field.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\\"), index + 3 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 3)], as: UTF8.self), radix: 8)
            {
                result.append(byte)
                index += 4
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
