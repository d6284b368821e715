import Glibc

/// Which owners files can have in a user namespace (user_namespaces(7), `uid_map` and `gid_map`).
struct OwnerMap: Sendable, Equatable {
    /// So many owners a user namespace usually has (subuid(5)), and images of containers use no others.
    static let usual: UInt32 = 65_536

    private let users: [Range<UInt64>]
    private let groups: [Range<UInt64>]

    /// Reads the two files of a process.
    init(users: String, groups: String) {
        self.users = Self.ranges(users)
        self.groups = Self.ranges(groups)
    }

    /// That of this process.
    static func current() -> OwnerMap {
        OwnerMap(users: text("/proc/self/uid_map"), groups: text("/proc/self/gid_map"))
    }

    /// Why a file could not be given to an owner with EINVAL: whose fault it is, and what to do.
    func error(_ path: TreePath, user: UInt32, group: UInt32) -> ArchiveError {
        let owner = "\(path.text) belongs to user \(user) and group \(group)"
        let unmapped = [(user, users), (group, groups)].filter { id, ranges in
            !ranges.contains { $0.contains(UInt64(id)) }
        }
        guard !unmapped.contains(where: { $0.0 >= Self.usual }) else {
            return ArchiveError(
                .ownerNotMapped,
                "\(owner), and a user namespace has the first \(Self.usual) ids alone: give it to an owner below, or build on a "
                    + "worker that is root of its machine")
        }
        guard !unmapped.isEmpty else { return ArchiveError(entry: EINVAL, "give \(path.text) to \(user):\(group)") }
        return ArchiveError(
            .mapTooSmall,
            "\(owner), which the user namespace of this worker does not map: its user's range of subordinate ids is too "
                + "small. Map \(Self.usual) ids (usermod --add-subuids and --add-subgids, subuid(5)) and restart the worker"
        )
    }

    /// Each line has the first id inside, the first outside, and how many.
    private static func ranges(_ text: String) -> [Range<UInt64>] {
        text.split(separator: "\n").compactMap { line in
            let numbers = line.split(separator: " ").compactMap { UInt32($0) }.map(UInt64.init)
            // Both are below 2^32.
            return numbers.count == 3 ? numbers[0]..<numbers[0] + numbers[2] : nil
        }
    }

    /// Without /proc nothing is known to be mapped.
    private static func text(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = read(file, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
