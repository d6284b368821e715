import CLinux
import Glibc

/// Everything about a tree that a layer must carry, for comparing two of them.
package struct TreeSnapshot: Equatable {
    package struct Item: Equatable {
        package var mode: UInt32
        package var owner: String
        package var time: Int
        package var content: [UInt8]
        package var attributes: [String: [UInt8]]
        /// The first name of the same file.
        package var firstName: [UInt8]?
    }

    package private(set) var items: [[UInt8]: Item] = [:]

    /// Looks at all of `root`. Times later than `latest` count as that; the root's own time counts where asked for.
    package init(_ root: String, latest: Int = .max, ignoringDirectoryTimes: Bool = false) throws {
        var first: [String: [UInt8]] = [:]
        try look(Array(root.utf8), [], latest, ignoringDirectoryTimes, &first)
    }

    private mutating func look(
        _ path: [UInt8], _ name: [UInt8], _ latest: Int, _ ignoringTimes: Bool, _ first: inout [String: [UInt8]]
    ) throws {
        // By directory descriptor and not by path: paths of the tree may be longer than PATH_MAX.
        var facts = stat()
        let text = (path + [0]).map { CChar(bitPattern: $0) }
        guard lstat(text, &facts) == 0 else { throw Obstacle("lstat") }
        let type = facts.st_mode & S_IFMT
        let device = type == S_IFCHR || type == S_IFBLK ? " \(facts.st_rdev)" : ""
        var item = Item(
            mode: facts.st_mode, owner: "\(facts.st_uid):\(facts.st_gid)\(device)",
            time: type == S_IFDIR && ignoringTimes ? 0 : min(facts.st_mtim.tv_sec, latest), content: [],
            attributes: Self.attributes(text))
        if type != S_IFDIR && facts.st_nlink > 1 {
            let key = "\(facts.st_dev):\(facts.st_ino)"
            item.firstName = first[key] ?? name
            first[key] = item.firstName
        }
        switch type {
        case S_IFREG: item.content = try Self.content(text)
        case S_IFLNK:
            var target = [CChar](repeating: 0, count: 5000)
            item.content = target.prefix(readlink(text, &target, 5000)).map { UInt8(bitPattern: $0) }
        default: break
        }
        items[name] = item
        guard type == S_IFDIR else { return }
        let directory = open(text, O_RDONLY | O_DIRECTORY)
        guard directory >= 0, let stream = fdopendir(directory) else { throw Obstacle("opendir") }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while let entry = readdir(stream) {
            names.append(withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) })
        }
        for child in names.sorted(by: { $0.lexicographicallyPrecedes($1) })
        where child != Array(".".utf8) && child != Array("..".utf8) {
            let inner = Array("/proc/self/fd/\(directory)/".utf8) + child
            try look(inner, name.isEmpty ? child : name + [UInt8(ascii: "/")] + child, latest, ignoringTimes, &first)
        }
    }

    private static func attributes(_ path: [CChar]) -> [String: [UInt8]] {
        var names = [CChar](repeating: 0, count: 65536)
        let count = linux_list_attributes(path, &names, names.count)
        guard count > 0 else { return [:] }
        var found: [String: [UInt8]] = [:]
        for name in names.prefix(count).split(separator: 0) {
            let key = String(decoding: name.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            var value = [UInt8](repeating: 0, count: 65536)
            let size = linux_get_attribute(path, key, &value, value.count)
            if size >= 0 && !key.hasPrefix("trusted.overlay.") && key != "security.selinux" {
                found[key] = Array(value.prefix(size))
            }
        }
        return found
    }

    private static func content(_ path: [CChar]) throws -> [UInt8] {
        let file = open(path, O_RDONLY)
        guard file >= 0 else { throw Obstacle("open") }
        defer { close(file) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file, &buffer, buffer.count)
            if count < 0 { throw Obstacle("read") }
            if count == 0 { return all }
            all.append(contentsOf: buffer.prefix(count))
        }
    }

    /// The names at which two trees differ, with what differs.
    package func differences(from other: TreeSnapshot, exceptRoot: Bool = false) -> [String] {
        Set(items.keys).union(other.items.keys).sorted { $0.lexicographicallyPrecedes($1) }.compactMap { name in
            if exceptRoot && name.isEmpty { return nil }
            let (mine, theirs) = (items[name], other.items[name])
            if mine == theirs { return nil }
            var (a, b) = (mine, theirs)
            // The bytes themselves would fill the screen.
            if let x = a, let y = b, x.content != y.content { a?.attributes["CONTENT"] = [1] }
            a?.content = []
            b?.content = []
            return "\(String(decoding: name, as: UTF8.self)): \(a.map { "\($0)" } ?? "-") / \(b.map { "\($0)" } ?? "-")"
        }
    }
}
