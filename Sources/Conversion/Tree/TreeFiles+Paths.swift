import CLinux
import Glibc
import IO

extension TreeFiles {
    /// Opens the directory that holds `path`, links followed within the tree; nil when it is missing. The caller
    /// closes it.
    func parent(of path: String) throws(ConversionError) -> (directory: Int32, name: String)? {
        let (above, name) = try Self.split(path)
        let directory = openDirectory(above)
        guard directory >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.failed("open the directory of", path)
        }
        return (directory, name)
    }

    /// The same, made where it is missing.
    func ensureParent(of path: String) throws(ConversionError) -> (directory: Int32, name: String) {
        let (above, name) = try Self.split(path)
        return (try ensure(above), name)
    }

    /// Opens a directory, made with those above it (0755) where they are missing. The caller closes it.
    func ensure(_ path: String) throws(ConversionError) -> Int32 {
        let directory = openDirectory(path)
        if directory >= 0 { return directory }
        guard errno == ENOENT, path != "/" else { throw Self.failed("open", path) }
        let (above, name) = try Self.split(path)
        let outer = try ensure(above)
        defer { close(outer) }
        guard mkdirat(outer, name, 0o755) == 0 else { throw Self.failed("make", path) }
        let made = openat(outer, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard made >= 0 else { throw Self.failed("open", path) }
        // Whatever our umask is.
        guard fchmod(made, 0o755) == 0 else {
            close(made)
            throw Self.failed("set the mode of", path)
        }
        return made
    }

    /// Puts a new file in the place of whatever has this name.
    func replace(_ path: String, mode: UInt16, content: (Int32) -> Bool) throws(ConversionError) {
        let (directory, name) = try ensureParent(of: path)
        defer { close(directory) }
        try Self.removeAll(name, in: directory, path)
        let file = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failed("make", path) }
        defer { close(file) }
        guard content(file) else { throw Self.failed("write", path) }
        guard fchmod(file, mode_t(mode)) == 0 else { throw Self.failed("set the mode of", path) }
    }

    /// Removes a name with all below it; none there is no error.
    static func removeAll(_ name: String, in directory: Int32, _ path: String) throws(ConversionError) {
        if unlinkat(directory, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw failed("remove", path) }
        let inner = openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard inner >= 0 else { throw failed("open", path) }
        defer { close(inner) }
        let again = openat(inner, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard again >= 0 else { throw failed("open", path) }
        for below in try names(in: again, path) { try removeAll(below, in: inner, path + "/" + below) }
        guard unlinkat(directory, name, AT_REMOVEDIR) == 0 else { throw failed("remove", path) }
    }

    /// The names in an open directory, which is closed.
    static func names(in directory: Int32, _ path: String) throws(ConversionError) -> [String] {
        guard let stream = fdopendir(directory) else {
            let error = failed("read", path)
            close(directory)
            throw error
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw failed("read", path) }
                return names
            }
            let bytes = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            let name = String(decoding: bytes, as: UTF8.self)
            if name != "." && name != ".." { names.append(name) }
        }
    }

    static func writeAll(_ bytes: [UInt8], to file: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress?.advanced(by: done), $0.count - done) }
            if count < 0 && errno != EINTR { return false }
            done += max(0, count)
        }
        return true
    }

    /// The error of the call that just failed, from errno.
    static func failed(_ what: String, _ path: String) -> ConversionError {
        let number = errno
        if [ELOOP, ENOTDIR, EISDIR, EEXIST, ENAMETOOLONG, ENXIO].contains(number) {
            return ConversionError(
                .badTree, "\(path) of the image: cannot \(what) it: \(String(cString: strerror(number))); mend the base"
            )
        }
        let code: ConversionError.Code = number == ENOSPC || number == EDQUOT ? .diskFull : .tree
        return ConversionError(code, "cannot \(what) \(path): \(String(cString: strerror(number)))")
    }

    private func openDirectory(_ path: String) -> Int32 {
        linux_open_in_root(descriptor, path, O_RDONLY | O_DIRECTORY, 0)
    }

    /// The directory and the last name of an absolute path.
    private static func split(_ path: String) throws(ConversionError) -> (String, String) {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/"), path.index(after: slash) < path.endIndex else {
            throw ConversionError(.tree, "\(path) is no path in a tree")
        }
        return (slash == path.startIndex ? "/" : String(path[..<slash]), String(path[path.index(after: slash)...]))
    }
}
