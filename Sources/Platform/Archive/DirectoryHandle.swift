import CLinux
import Glibc

/// An open directory of a tree. Everything in it is reached by its name and never through a symbolic link.
///
/// A class, because it closes its descriptor when the last user lets go. Used by one thread only.
final class DirectoryHandle {
    let descriptor: Int32

    private init(taking descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens a directory by a path of ours, which may hold links.
    convenience init(opening path: String) throws(ArchiveError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ArchiveError(system: errno, "open \(path)") }
        self.init(taking: descriptor)
    }

    /// Opens the directory `name` in this one; nil with errno set when it cannot be. A symbolic link cannot be.
    func openChild(_ name: [UInt8]) -> DirectoryHandle? {
        let child = name.withCString { openat(descriptor, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        return child < 0 ? nil : DirectoryHandle(taking: child)
    }

    /// What `name` is; nil with errno set when that cannot be told.
    func facts(_ name: [UInt8]) -> FileFacts? {
        var facts = stat()
        return name.withCString { fstatat(descriptor, $0, &facts, AT_SYMLINK_NOFOLLOW) } == 0 ? FileFacts(facts) : nil
    }

    /// What this directory is.
    func facts() -> FileFacts? {
        var facts = stat()
        return fstat(descriptor, &facts) == 0 ? FileFacts(facts) : nil
    }

    /// A path for the calls that know no descriptor of a directory (xattr(7)); needs /proc.
    func path(of name: [UInt8]) -> [UInt8] { Array("/proc/self/fd/\(descriptor)/".utf8) + name }

    /// The names in the directory, sorted by their bytes.
    func names(of path: TreePath) throws(ArchiveError) -> [[UInt8]] {
        // A descriptor of its own, because closedir(3) closes the one it was given; opened anew, because dup(2) would
        // share the position with an earlier reading.
        let own = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard own >= 0 else { throw ArchiveError(system: errno, "open \(path.text)") }
        guard let stream = fdopendir(own) else {
            let number = errno
            close(own)
            throw ArchiveError(system: number, "read directory \(path.text)")
        }
        defer { closedir(stream) }
        var names: [[UInt8]] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw ArchiveError(system: errno, "read directory \(path.text)") }
                break
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [UInt8(ascii: ".")] && name != Array("..".utf8) { names.append(name) }
        }
        names.sort { $0.lexicographicallyPrecedes($1) }
        return names
    }

    /// Removes `name` and all below it. Links are removed, not followed.
    func removeAll(_ name: [UInt8], path: TreePath, depth: Int = 0) throws(ArchiveError) {
        guard let facts = facts(name) else {
            if errno == ENOENT { return }
            throw ArchiveError(system: errno, "look at \(path.text)")
        }
        if facts.isDirectory {
            guard depth < TreePath.greatestDepth else {
                throw ArchiveError(.badName, "\(path.text) is nested deeper than \(TreePath.greatestDepth) directories")
            }
            guard let child = openChild(name) else { throw ArchiveError(system: errno, "open \(path.text)") }
            for inner in try child.names(of: path) {
                try child.removeAll(inner, path: path.appending(inner), depth: depth + 1)
            }
        }
        let result = name.withCString { unlinkat(descriptor, $0, facts.isDirectory ? AT_REMOVEDIR : 0) }
        if result != 0 { throw ArchiveError(system: errno, "remove \(path.text)") }
    }
}
