import CLinux
import Glibc

/// Small file operations with typed errors. All of them block for as long as the disk takes.
package enum FileIO {
    /// What a file is (the type bits of inode(7)).
    package enum Kind: String, Sendable {
        /// A regular file.
        case file
        /// A directory.
        case directory
        /// A symbolic link, itself.
        case link = "symbolic link"
        /// A Unix socket.
        case socket
        /// A named pipe.
        case pipe
        /// A device node.
        case device
    }

    /// What stat(2) tells about a file.
    package struct Status: Sendable, Hashable {
        /// What it is.
        package let kind: Kind
        /// Its length in bytes.
        package let size: Int
        /// The permission bits, 0o7777 at most.
        package let permissions: UInt32
        /// The owner.
        package let user: UInt32
        /// The group.
        package let group: UInt32
        /// How many names it has.
        package let links: Int
        /// The device it is on.
        package let device: UInt64
        /// Its number there.
        package let inode: UInt64
        /// Last change of its content, in nanoseconds since 1970.
        package let modified: Int64

        init(_ status: stat) {
            kind =
                switch status.st_mode & S_IFMT {
                case S_IFDIR: .directory
                case S_IFLNK: .link
                case S_IFSOCK: .socket
                case S_IFIFO: .pipe
                case S_IFCHR, S_IFBLK: .device
                default: .file
                }
            size = Int(status.st_size)
            permissions = status.st_mode & 0o7777
            user = status.st_uid
            group = status.st_gid
            links = Int(status.st_nlink)
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        }
    }

    /// What is at `path`, links not followed; nil when nothing is.
    package static func status(_ path: String) throws(IOError) -> Status? {
        var status = stat()
        if lstat(path, &status) == 0 { return Status(status) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw IOError(system: errno, "lstat", path)
    }

    /// What an open descriptor is.
    package static func status(of file: Descriptor) throws(IOError) -> Status {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else {
            throw IOError(system: errno, "fstat", "descriptor \(file.rawValue)")
        }
        return Status(status)
    }

    /// Opens a file (open(2), close-on-exec) and owns it.
    package static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0o644) throws(IOError) -> Descriptor {
        while true {
            let number = Glibc.open(path, flags | O_CLOEXEC, mode)
            if number >= 0 { return Descriptor(ready: number) }
            if errno != EINTR { throw IOError(system: errno, "open", path) }
        }
    }

    /// All bytes of a file.
    ///
    /// - Throws: `.tooLarge` when it has more than `limit` bytes; no more than that is ever read.
    package static func read(_ path: String, limit: Int) throws(IOError) -> [UInt8] {
        let file = try open(path, O_RDONLY)
        var bytes: [UInt8] = []
        while true {
            let part = try read(file, at: nil, upTo: min(256 << 10, limit - bytes.count + 1), path)
            if part.isEmpty { return bytes }
            bytes += part
            guard bytes.count <= limit else { throw IOError(.tooLarge, "\(path) has more than \(limit) bytes") }
        }
    }

    /// All of a text file.
    ///
    /// - Throws: `.wrongKind` when it is not UTF-8, `.tooLarge`.
    package static func readText(_ path: String, limit: Int) throws(IOError) -> String {
        let bytes = try read(path, limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw IOError(.wrongKind, "\(path) is not UTF-8 text")
        }
        return text
    }

    /// At most `count` bytes of an open file from `offset` on; empty at its end.
    package static func read(_ file: Descriptor, at offset: Int, upTo count: Int) throws(IOError) -> [UInt8] {
        try read(file, at: offset, upTo: count, "descriptor \(file.rawValue)")
    }

    private static func read(_ file: Descriptor, at offset: Int?, upTo count: Int, _ name: String) throws(IOError)
        -> [UInt8]
    {
        // An array without room is one that all share, and ThreadSanitizer sees its count being written.
        guard count > 0 else { return [] }
        while true {
            var got = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                got =
                    if let offset { pread(file.rawValue, buffer.baseAddress, count, off_t(offset)) } else {
                        Glibc.read(file.rawValue, buffer.baseAddress, count)
                    }
                initialized = max(0, got)
            }
            if got >= 0 { return bytes }
            if errno != EINTR { throw IOError(system: errno, "read", name) }
        }
    }

    /// Writes all bytes to a blocking descriptor, at `offset` or where it stands.
    package static func write(_ bytes: [UInt8], to file: Descriptor, at offset: Int? = nil) throws(IOError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                let start = all.baseAddress?.advanced(by: done)
                return if let offset { pwrite(file.rawValue, start, all.count - done, off_t(offset + done)) } else {
                    Glibc.write(file.rawValue, start, all.count - done)
                }
            }
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw IOError(system: errno, "write", "descriptor \(file.rawValue)")
            }
        }
    }

    /// Makes what was written to an open file durable (fsync(2)).
    package static func sync(_ file: Descriptor) throws(IOError) {
        while fsync(file.rawValue) != 0 {
            if errno != EINTR { throw IOError(system: errno, "fsync", "descriptor \(file.rawValue)") }
        }
    }

    /// Makes the names in a directory durable: after a rename, a new file, a removal.
    package static func syncDirectory(_ path: String) throws(IOError) {
        try sync(open(path, O_RDONLY | O_DIRECTORY))
    }

    /// Moves a file over another within one file system; does not sync.
    package static func rename(_ old: String, to new: String) throws(IOError) {
        guard Glibc.rename(old, new) == 0 else { throw IOError(system: errno, "rename", "\(old) to \(new)") }
    }

    /// Removes a file, socket or link; none there is no error.
    package static func removeFile(_ path: String) throws(IOError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw IOError(system: errno, "unlink", path) }
    }

    /// The directory part of a path: `/a` of `/a/b`, `.` of `b`.
    package static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
