import CLinux
import Glibc

/// Files of every kind that a root filesystem has, made by system calls.
package struct SampleTree {
    package let root: String

    package init(root: String) { self.root = root }

    /// cap_net_raw=ep (linux/capability.h, VFS_CAP_REVISION_2).
    package static let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    /// user::rw- user:7:r-- group::r-- mask::r-- other::--- (linux/posix_acl_xattr.h).
    package static let list: [UInt8] =
        [2, 0, 0, 0]
        + [1, 0, 6, 0, 255, 255, 255, 255] + [2, 0, 4, 0, 7, 0, 0, 0] + [4, 0, 4, 0, 255, 255, 255, 255]
        + [16, 0, 4, 0, 255, 255, 255, 255] + [32, 0, 0, 0, 255, 255, 255, 255]

    package func directory(_ name: String, mode: UInt32 = 0o755) throws {
        guard mkdir("\(root)/\(name)", mode) == 0, chmod("\(root)/\(name)", mode) == 0 else { throw Obstacle("mkdir") }
    }

    package func file(_ name: String, _ content: String, mode: UInt32 = 0o644) throws {
        try file(bytes: Array(name.utf8), content, mode: mode)
    }

    package func file(bytes name: [UInt8], _ content: String, mode: UInt32 = 0o644) throws {
        let path = (Array("\(root)/".utf8) + name + [0]).map { CChar(bitPattern: $0) }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard file >= 0, write(file, content, content.utf8.count) == content.utf8.count, fchmod(file, mode) == 0 else {
            throw Obstacle("create")
        }
        close(file)
    }

    package func attribute(_ name: String, _ key: String, _ value: [UInt8]) throws {
        guard linux_set_attribute("\(root)/\(name)", key, value, value.count) == 0 else { throw Obstacle("set \(key)") }
    }

    package func remove(_ name: String) throws {
        guard unlink("\(root)/\(name)") == 0 || rmdir("\(root)/\(name)") == 0 else { throw Obstacle("remove \(name)") }
    }

    package func age(_ name: String, _ seconds: Int) throws {
        let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard utimensat(AT_FDCWD, "\(root)/\(name)", times, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw Obstacle("utimensat")
        }
    }

    /// A base: all kinds of files, as an ordinary user may make them.
    package func fill() throws {
        for name in ["bin", "etc", "etc/keep", "etc/gone", "etc/gone/deep", "etc/remade", "var"] { try directory(name) }
        try directory("tmp", mode: 0o1777)
        try file("etc/passwd", "root:x:0:0\n")
        try file("etc/shadow", "root:*\n", mode: 0o600)
        try file("etc/gone/deep/file", "gone")
        try file("etc/remade/old", "old")
        try file("etc/keep/a", "a")
        try file("etc/keep/b", "b")
        try file("bin/su", "#!/bin/sh\n", mode: 0o4755)
        try file("empty", "")
        guard link("\(root)/etc/passwd", "\(root)/etc/passwd-") == 0, link("\(root)/etc/passwd", "\(root)/var/p") == 0,
            symlink("/etc/passwd", "\(root)/var/absolute") == 0, symlink("../../../out", "\(root)/var/climbing") == 0,
            mkfifo("\(root)/var/fifo", 0o640) == 0
        else { throw Obstacle("link") }
        for name in [
            "ümlaut", "line\nbreak", "back\\slash", " space ", String(repeating: "n", count: 255), "-dash", ".wx",
        ] {
            try file("var/" + name, name)
        }
        try file(bytes: Array("var/latin".utf8) + [0xE9, 0xFF], "not UTF-8")
        var deep = "var"
        for index in 0..<24 {
            deep += "/" + String(repeating: Character(UnicodeScalar(97 + UInt8(index))), count: 120)
            try directory(deep)
        }
        try file(deep + "/end", "deep")
        try sparse("var/sparse")
        try attribute("etc/shadow", "user.note", [0, 1, 10, 61, 255])
        try age("etc/passwd", 1_600_000_000)
        try age("var/absolute", 1_500_000_000)
        try age("var", 1_400_000_000)
        try age("empty", 4_000_000_000)
    }

    /// What only root can make.
    package func fillAsRoot() throws {
        try file("bin/ping", "ping", mode: 0o755)
        try attribute("bin/ping", "security.capability", Self.capability)
        try directory("var/journal", mode: 0o2755)
        try attribute("var/journal", "system.posix_acl_access", Self.list)
        try attribute("var/journal", "system.posix_acl_default", Self.list)
        try file("var/journal/inheriting", "x")
        guard chown("\(root)/etc/shadow", 0, 42) == 0, lchown("\(root)/var/climbing", 65534, 3_000_000) == 0,
            mknod("\(root)/var/null", S_IFCHR | 0o666, dev_t(linux_device(1, 3))) == 0,
            mknod("\(root)/var/disk", S_IFBLK | 0o660, dev_t(linux_device(259, 70000))) == 0
        else { throw Obstacle("mknod") }
    }

    private func sparse(_ name: String) throws {
        let file = open("\(root)/\(name)", O_WRONLY | O_CREAT, 0o644)
        guard file >= 0, pwrite(file, "middle", 6, 3_000_001) == 6, ftruncate(file, 9_000_000) == 0 else {
            throw Obstacle("sparse")
        }
        close(file)
    }
}

/// What is wrong with the surroundings of a test.
package struct Obstacle: Error, CustomStringConvertible {
    package let description: String
    package init(_ call: String) { description = "\(call): \(String(cString: strerror(errno)))" }
}
