import CLinux
import Glibc
import IO

/// The files of a tree, reached from outside of it: the tree's root is `/` for every path and for every link on the way
/// (openat2(2), RESOLVE_IN_ROOT). A base may hold `/etc -> /etc` of nobody's choosing; nothing of the machine is touched.
///
/// A class, because it closes its descriptor when the last user lets go. All calls are short and block.
final class TreeFiles: Sendable {
    /// The tree's root directory on this machine.
    let root: String
    let descriptor: Int32

    init(_ root: String) throws(ConversionError) {
        self.root = root
        descriptor = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.failed("open the tree", root) }
    }

    deinit { close(descriptor) }

    /// What is at `path`, its last link not followed; nil when nothing is.
    func kind(_ path: String) throws(ConversionError) -> FileIO.Kind? {
        guard let (directory, name) = try parent(of: path) else { return nil }
        defer { close(directory) }
        var facts = stat()
        guard fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return nil }
            throw Self.failed("look at", path)
        }
        return switch facts.st_mode & S_IFMT {
        case S_IFDIR: .directory
        case S_IFLNK: .link
        case S_IFREG: .file
        case S_IFSOCK: .socket
        case S_IFIFO: .pipe
        default: .device
        }
    }

    /// Whether `path` leads to something, links followed within the tree.
    func exists(_ path: String) -> Bool {
        let file = linux_open_in_root(descriptor, path, linux_o_path(), 0)
        if file >= 0 { close(file) }
        return file >= 0
    }

    /// All of a file, links followed within the tree; nil when there is none.
    func text(_ path: String, limit: Int = 4 << 20) throws(ConversionError) -> String? {
        // Not blocking: a pipe in the place of a file would wait for ever.
        let file = linux_open_in_root(descriptor, path, O_RDONLY | O_NONBLOCK, 0)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.failed("open", path)
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw Self.failed("read", path)
            }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw ConversionError(.badTree, "\(path) of the image has more than \(limit) bytes; mend the base")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The names in a directory, sorted; none when there is no such directory.
    func names(_ path: String) throws(ConversionError) -> [String] {
        let directory = linux_open_in_root(descriptor, path, O_RDONLY | O_DIRECTORY, 0)
        guard directory >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return [] }
            throw Self.failed("open", path)
        }
        return try Self.names(in: directory, path).sorted()
    }

    /// Writes a file of root, in place of whatever has its name.
    func write(_ text: String, to path: String, mode: UInt16) throws(ConversionError) {
        try replace(path, mode: mode) { file in Self.writeAll(Array(text.utf8), to: file) }
    }

    /// Copies a file of this machine into the tree, as a file of root.
    func copy(_ source: String, to path: String, mode: UInt16) throws(ConversionError) {
        let input = open(source, O_RDONLY | O_CLOEXEC)
        guard input >= 0 else { throw Self.failed("open", source) }
        defer { close(input) }
        try replace(path, mode: mode) { file in
            var buffer = [UInt8](repeating: 0, count: 256 << 10)
            while true {
                let count = Glibc.read(input, &buffer, buffer.count)
                if count == 0 { return true }
                if count < 0 && errno == EINTR { continue }
                guard count > 0, Self.writeAll(Array(buffer[..<count]), to: file) else { return false }
            }
        }
    }

    /// Makes a link, in place of whatever has its name.
    func link(_ path: String, to target: String) throws(ConversionError) {
        let (directory, name) = try ensureParent(of: path)
        defer { close(directory) }
        try Self.removeAll(name, in: directory, path)
        guard symlinkat(target, directory, name) == 0 else { throw Self.failed("link", path) }
    }

    /// Makes a directory and those above it (0755) where they are missing, and gives it this mode.
    func makeDirectory(_ path: String, mode: UInt16) throws(ConversionError) {
        let directory = try ensure(path)
        defer { close(directory) }
        // A change of nothing would still put a copy of it into the layer.
        var facts = stat()
        if fstat(directory, &facts) == 0, facts.st_mode & 0o7777 == mode_t(mode) { return }
        guard fchmod(directory, mode_t(mode)) == 0 else { throw Self.failed("set the mode of", path) }
    }

    /// Sets the mode of a file that is there, links followed within the tree; none there is no error.
    func setMode(_ path: String, _ mode: UInt16) throws(ConversionError) {
        let file = linux_open_in_root(descriptor, path, O_RDONLY | O_NONBLOCK, 0)
        guard file >= 0 else {
            if errno == ENOENT { return }
            throw Self.failed("open", path)
        }
        defer { close(file) }
        var facts = stat()
        if fstat(file, &facts) == 0, facts.st_mode & 0o7777 == mode_t(mode), facts.st_uid == 0, facts.st_gid == 0 {
            return
        }
        guard fchown(file, 0, 0) == 0, fchmod(file, mode_t(mode)) == 0 else {
            throw Self.failed("set owner and mode of", path)
        }
    }

    /// Sets the time of last change of a file that is there, in seconds since 1970; none there is no error.
    func setTime(_ path: String, _ seconds: Int64) throws(ConversionError) {
        guard let (directory, name) = try parent(of: path) else { return }
        defer { close(directory) }
        let time = timespec(tv_sec: Int(seconds), tv_nsec: 0)
        guard utimensat(directory, name, [time, time], AT_SYMLINK_NOFOLLOW) == 0 || errno == ENOENT else {
            throw Self.failed("set the time of", path)
        }
    }

    /// Leaves a regular file without content; anything else, and nothing, stays as it is.
    func truncate(_ path: String) throws(ConversionError) {
        guard let (directory, name) = try parent(of: path) else { return }
        defer { close(directory) }
        var facts = stat()
        guard fstatat(directory, name, &facts, AT_SYMLINK_NOFOLLOW) == 0 else {
            if errno == ENOENT { return }
            throw Self.failed("look at", path)
        }
        guard facts.st_mode & S_IFMT == S_IFREG, facts.st_size > 0 else { return }
        let file = openat(directory, name, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else { throw Self.failed("empty", path) }
        close(file)
    }

    /// Removes what has this path, with all below. The last part may hold `*`; links are removed, not followed.
    /// - Returns: how many names were removed.
    @discardableResult
    func remove(_ path: String) throws(ConversionError) -> Int {
        guard let (directory, name) = try parent(of: path) else { return 0 }
        defer { close(directory) }
        let pattern = NamePattern(name)
        let again = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard again >= 0 else { throw Self.failed("open", path) }
        let names = try Self.names(in: again, path).filter { pattern.matches($0) }
        for name in names { try Self.removeAll(name, in: directory, path) }
        return names.count
    }
}
