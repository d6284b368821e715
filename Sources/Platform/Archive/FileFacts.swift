import CArchive
import CLinux
import Glibc

/// What inode(7) tells about a file of a tree.
struct FileFacts {
    /// Type and permissions.
    var mode: mode_t
    var owner: UInt32 = 0
    var group: UInt32 = 0
    var size: Int64 = 0
    /// Last change of the content, in whole seconds since 1970: what packages carry, and what a tar header holds.
    var time: Int64 = 0
    /// Names that the file has.
    var links: UInt64 = 1
    /// The number of a device node.
    var device: UInt64 = 0
    /// File system and number in it.
    var inode = Inode(fileSystem: 0, number: 0)

    /// Tells two files apart.
    struct Inode: Hashable {
        let fileSystem: UInt64
        let number: UInt64
    }

    var type: mode_t { mode & S_IFMT }
    var isDirectory: Bool { type == S_IFDIR }
    var isLink: Bool { type == S_IFLNK }
    /// The character device 0:0, by which overlayfs marks what was deleted.
    var isWhiteout: Bool { type == S_IFCHR && device == 0 }
}

extension FileFacts {
    init(_ facts: stat) {
        self.init(
            mode: facts.st_mode, owner: facts.st_uid, group: facts.st_gid, size: Int64(facts.st_size),
            time: Int64(facts.st_mtim.tv_sec), links: UInt64(facts.st_nlink), device: UInt64(facts.st_rdev),
            inode: Inode(fileSystem: UInt64(facts.st_dev), number: UInt64(facts.st_ino)))
    }
}
