import CLinux
import Glibc

/// Places in a tree, found with the tree's directory as `/`: a link in it can lead nowhere else (openat2(2)).
struct TreePlace {
    let tree: String
    private let descriptor: Int32

    /// Opens a tree; ``close()`` it.
    init(_ tree: String) throws(ImageError) {
        self.tree = tree
        descriptor = Glibc.open(tree, linux_o_path() | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ImageError(system: errno, "open \(tree)") }
    }

    func close() { Glibc.close(descriptor) }

    /// Opens a path of the tree; nil when nothing is there.
    func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(ImageError) -> Int32? {
        let found = linux_open_in_root(descriptor, path, flags, mode)
        if found >= 0 { return found }
        if errno == ENOENT { return nil }
        throw ImageError(tree: errno, "open", path, in: tree)
    }

    /// The path on this machine of what is at `path` in the tree, links resolved in the tree; nil when nothing is there.
    func real(_ path: String, directory: Bool = false) throws(ImageError) -> String? {
        guard let found = try open(path, linux_o_path() | (directory ? O_DIRECTORY : 0)) else { return nil }
        defer { Glibc.close(found) }
        return try Self.path(of: found)
    }

    /// The target of a symbolic link in the tree; nil when the path is none, or not there.
    func linkTarget(_ path: String) throws(ImageError) -> String? {
        guard let found = try open(path, linux_o_path() | O_NOFOLLOW) else { return nil }
        defer { Glibc.close(found) }
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlinkat(found, "", &target, target.count)
        guard count > 0 else { return nil }
        return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func path(of descriptor: Int32) throws(ImageError) -> String {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/fd/\(descriptor)", &target, target.count)
        guard count > 0 else { throw ImageError(system: errno, "read the path of a descriptor") }
        return String(decoding: target.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
