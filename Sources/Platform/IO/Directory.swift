import CLinux
import Glibc

/// Directories: made, listed, walked, removed.
package enum Directory {
    /// A name in a directory.
    package struct Entry: Sendable, Hashable {
        /// The name, without a slash.
        package let name: String
        /// What it is, links not followed.
        package let kind: FileIO.Kind
    }

    /// Makes a directory and its missing parents; one that is there keeps its mode.
    package static func make(_ path: String, mode: UInt32 = 0o755) throws(IOError) {
        if mkdir(path, mode) == 0 { return }
        switch errno {
        case EEXIST:
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
                throw IOError(.wrongKind, "\(path) is there and no directory")
            }
        case ENOENT where FileIO.parent(path) != path:
            try make(FileIO.parent(path), mode: mode)
            guard mkdir(path, mode) == 0 || errno == EEXIST else { throw IOError(system: errno, "mkdir", path) }
        default: throw IOError(system: errno, "mkdir", path)
        }
    }

    /// The same for a directory that becomes part of an image: a new one has this mode whatever the umask.
    package static func make(_ path: String, exactMode mode: UInt32) throws(IOError) {
        let isNew = try FileIO.status(path) == nil
        try make(path, mode: mode)
        if !isNew { return }
        guard chmod(path, mode) == 0 else { throw IOError(system: errno, "set the mode of", path) }
    }

    /// Makes an empty directory of a new name, `prefix` and six letters, for this user only (mkdtemp(3)).
    package static func temporary(_ prefix: String = "/tmp/factory.") throws(IOError) -> String {
        var name = Array((prefix + "XXXXXX").utf8CString)
        guard mkdtemp(&name) != nil else { throw IOError(system: errno, "mkdtemp", prefix) }
        return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The names in a directory, sorted by their bytes, without `.` and `..`.
    ///
    /// - Throws: `.wrongKind` when a name is not UTF-8 text.
    package static func entries(_ path: String) throws(IOError) -> [Entry] {
        guard let directory = opendir(path) else { throw IOError(system: errno, "opendir", path) }
        defer { closedir(directory) }
        var entries: [Entry] = []
        for bytes in try names(directory, path) {
            guard let name = String(validating: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) else {
                throw IOError(.wrongKind, "\(path) holds a name that is not UTF-8 text")
            }
            // Nil: removed while we were reading, so it is no longer in the directory.
            if let status = try FileIO.status(path + "/" + name) {
                entries.append(Entry(name: name, kind: status.kind))
            }
        }
        return entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// The names in a directory in no order, without `.` and `..` and without those that are no UTF-8 text. What each is is
    /// not looked at.
    package static func textNames(_ path: String) throws(IOError) -> [String] {
        guard let directory = opendir(path) else { throw IOError(system: errno, "opendir", path) }
        defer { closedir(directory) }
        return try names(directory, path).compactMap { bytes in
            String(validating: bytes.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    /// Every path below a directory, relative to it, parents first, each level sorted; links are not followed.
    package static func walk(_ path: String) throws(IOError) -> [Entry] {
        var found: [Entry] = []
        func visit(_ relative: String) throws(IOError) {
            for entry in try entries(relative.isEmpty ? path : path + "/" + relative) {
                let name = relative.isEmpty ? entry.name : relative + "/" + entry.name
                found.append(Entry(name: name, kind: entry.kind))
                if entry.kind == .directory { try visit(name) }
            }
        }
        try visit("")
        return found
    }

    /// Removes a directory with all below it, or a file; nothing there is no error.
    ///
    /// Works by descriptors and follows no link, so that nobody can lead it elsewhere by exchanging a directory for a
    /// link. Directories that their owner may not read or change are made so first. It never goes into a
    /// mount below, bind mounts included: that fails (EXDEV), and what is mounted there keeps all it has. It holds one
    /// descriptor a level.
    package static func remove(_ path: String) throws(IOError) {
        try remove(Array(path.utf8CString), in: AT_FDCWD, path, isTop: true)
    }

    // Names stay bytes: they need not be UTF-8.
    private static func remove(_ name: [CChar], in parent: Int32, _ path: String, isTop: Bool = false) throws(IOError) {
        if unlinkat(parent, name, 0) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM || errno == EACCES else {
            throw IOError(system: errno, "unlink", path)
        }
        let directory = try opened(name, in: parent, path, mayCross: isTop)
        defer { closedir(directory) }
        for name in try names(directory, path) {
            let text = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            try remove(name, in: dirfd(directory), path + "/" + text)
        }
        guard unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw IOError(system: errno, "rmdir", path)
        }
    }

    private static func opened(
        _ name: [CChar], in parent: Int32, _ path: String, mayCross: Bool
    ) throws(IOError) -> OpaquePointer {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        func open() -> Int32 {
            // Only the way to the top may lead over mounts.
            mayCross ? openat(parent, name, flags) : linux_open_on_mount(parent, name, flags)
        }
        var number = open()
        if number < 0, errno == EACCES {
            // When this fails, opening it again says why.
            fchmodat(parent, name, 0o700, 0)
            number = open()
        }
        guard number >= 0 else { throw IOError(system: errno, "open", path) }
        // Without the right to write nothing can be removed from it; when this fails, unlinkat says so.
        if geteuid() != 0 { fchmod(number, 0o700) }
        guard let directory = fdopendir(number) else {
            defer { close(number) }
            throw IOError(system: errno, "fdopendir", path)
        }
        return directory
    }

    private static func names(_ directory: OpaquePointer, _ path: String) throws(IOError) -> [[CChar]] {
        var names: [[CChar]] = []
        while true {
            errno = 0
            guard let entry = readdir(directory) else {
                guard errno == 0 else { throw IOError(system: errno, "readdir", path) }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                raw.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
            }
            if name != [46, 0], name != [46, 46, 0] { names.append(name) }
        }
    }
}
