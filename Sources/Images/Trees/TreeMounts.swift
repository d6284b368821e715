import CLinux
import FactoryProtocol
import Glibc
import IO

/// What a program in a tree needs around it: /proc, /sys, /dev, /run, /tmp, name resolution, and a policy that starts no
/// service. All of it are mounts; the mount points that had to be made are removed again.
final class TreeMounts {
    private enum Undo {
        case unmount(String)
        case removeDirectory(String)
        /// Removes a file if it is still empty.
        case removePlaceholder(String)
    }

    private let place: TreePlace
    private let scratch: String
    private var undo: [Undo] = []
    /// What could not be arranged, in words.
    private(set) var warnings: [String] = []

    private static let quiet = Int(MS_NOSUID | MS_NODEV | MS_NOEXEC)
    private static let nodes = ["null", "zero", "full", "random", "urandom", "tty"]

    /// Mounts for `tree`; `scratch` is a directory of the job for the files that are shown in it.
    init(tree: String, scratch: String) throws(ImageError) {
        place = try TreePlace(tree)
        self.scratch = scratch
    }

    deinit { place.close() }

    /// Mounts everything; after a failure call ``remove()`` all the same.
    func make() throws(ImageError) {
        try proc()
        try sys()
        try dev()
        let run = try directory("run")
        try mount("tmpfs", at: run, Int(MS_NOSUID | MS_NODEV), "mode=755")
        try makeDirectory(run + "/lock", mode: 0o1777)
        try mount("tmpfs", at: try directory("tmp", mode: 0o1777), Int(MS_NOSUID | MS_NODEV), "mode=1777")
        // Programs of packages ask it before they start or stop a service (invoke-rc.d(8)); 101 is "forbidden".
        try show("usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", mode: 0o755)
        try nameResolution()
    }

    /// Undoes everything, also after a failure of ``make()``, and throws the first failure when all was tried.
    func remove() throws(ImageError) {
        var first: ImageError?
        for step in undo.reversed() {
            do throws(ImageError) {
                switch step {
                case .unmount(let path): try Mounting.unmount(path)
                case .removeDirectory(let path):
                    // Something was put beside the mount: then the directory is the tree's own now.
                    if rmdir(path) != 0 && errno != ENOTEMPTY { throw ImageError(system: errno, "remove \(path)") }
                case .removePlaceholder(let path):
                    let status = try ImageError.wrapping { () throws(IOError) in try FileIO.status(path) }
                    guard let status, status.kind == .file, status.size == 0 else { continue }
                    try ImageError.wrapping { () throws(IOError) in try FileIO.removeFile(path) }
                }
            } catch {
                first = first ?? error
            }
        }
        undo = []
        if let first { throw first }
    }

    // MARK: Kernel file systems

    private func proc() throws(ImageError) {
        let path = try directory("proc")
        do throws(ImageError) {
            try mount("proc", at: path, Self.quiet)
        } catch {
            // A user namespace without a PID namespace of its own may only show the one it has.
            try bind("/proc", at: path, recursive: true)
            return
        }
        // A package's script must not change the machine it is built on.
        for name in ["sys", "sysrq-trigger"] where access("\(path)/\(name)", F_OK) == 0 {
            try bind("\(path)/\(name)", at: "\(path)/\(name)")
            try Mounting.protect("\(path)/\(name)")
        }
    }

    private func sys() throws(ImageError) {
        let path = try directory("sys")
        do throws(ImageError) {
            try mount("sysfs", at: path, Self.quiet | Int(MS_RDONLY))
        } catch {
            // sysfs belongs to the network namespace: without one of one's own it can only be shown.
            try bind("/sys", at: path, recursive: true)
        }
    }

    private func dev() throws(ImageError) {
        let path = try directory("dev")
        try mount("tmpfs", at: path, Int(MS_NOSUID | MS_NOEXEC | MS_NODEV), "mode=755,size=1m")
        for name in Self.nodes where access("/dev/\(name)", F_OK) == 0 {
            try makeFile("\(path)/\(name)")
            try bind("/dev/\(name)", at: "\(path)/\(name)")
        }
        try makeDirectory(path + "/pts", mode: 0o755)
        try makeDirectory(path + "/shm", mode: 0o1777)
        let terminals = "newinstance,ptmxmode=0666,mode=620"
        // Group 5 is tty in Debian; a user namespace with a small map does not have it.
        do throws(ImageError) {
            try mount("devpts", at: path + "/pts", Int(MS_NOSUID | MS_NOEXEC), terminals + ",gid=5")
        } catch {
            try mount("devpts", at: path + "/pts", Int(MS_NOSUID | MS_NOEXEC), terminals)
        }
        try mount("tmpfs", at: path + "/shm", Int(MS_NOSUID | MS_NODEV), "mode=1777")
        let links = [
            ("pts/ptmx", "ptmx"), ("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"), ("/proc/self/fd/1", "stdout"),
            ("/proc/self/fd/2", "stderr"),
        ]
        for (target, name) in links where symlink(target, "\(path)/\(name)") != 0 {
            throw ImageError(system: errno, "make /dev/\(name)")
        }
    }

    // MARK: Files

    private func nameResolution() throws(ImageError) {
        let own = try ImageError.wrapping { () throws(IOError) in
            try FileIO.status("/etc/resolv.conf") == nil ? "" : try FileIO.readText("/etc/resolv.conf", limit: 65536)
        }
        guard let target = try place.linkTarget("etc/resolv.conf") else {
            try show("etc/resolv.conf", own, mode: 0o644)
            return
        }
        // Debian's systemd-resolved links to a file in /run, which is a file system of ours for now.
        let absolute = target.hasPrefix("/") ? target : "/etc/" + target
        var names: [Substring] = []
        for name in absolute.split(separator: "/") where name != "." {
            if name == ".." { _ = names.popLast() } else { names.append(name) }
        }
        guard names.count > 1, names[0] == "run", let run = try place.real("run", directory: true) else {
            warnings.append("/etc/resolv.conf is a link to \(target): programs in the tree may not resolve names")
            return
        }
        try ImageError.wrapping { () throws(IOError) in
            let path = run + "/" + names.dropFirst().joined(separator: "/")
            try Directory.make(FileIO.parent(path))
            try FileIO.write(Array(own.utf8), toNew: path, mode: 0o644)
        }
    }

    /// Shows a file of ours at `path` in the tree, over the one that is there or over an empty one.
    private func show(_ path: String, _ content: String, mode: UInt32) throws(ImageError) {
        let source = scratch + "/shown." + path.split(separator: "/").joined(separator: ".")
        try ImageError.wrapping { () throws(IOError) in
            try Directory.make(scratch)
            try FileIO.removeFile(source)
            try FileIO.write(Array(content.utf8), toNew: source, mode: mode)
        }
        let parent = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        _ = try directory(parent)
        if let made = try newFile(path, mode: mode) { undo.append(.removePlaceholder(made)) }
        guard let target = try place.real(path) else { throw ImageError(badTree: path, "it leads nowhere") }
        let kind = try ImageError.wrapping { () throws(IOError) in try FileIO.status(target)?.kind }
        guard kind != .directory else {
            throw ImageError(badTree: path, "it is a directory, and a file is needed there")
        }
        try bind(source, at: target)
    }

    /// Makes an empty file in the tree; nil when something is there already.
    private func newFile(_ path: String, mode: UInt32) throws(ImageError) -> String? {
        if try place.open(path, linux_o_path()).map({ close($0) }) != nil { return nil }
        guard let file = try place.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: mode) else {
            throw ImageError(system: ENOENT, "create /\(path) in \(place.tree)")
        }
        defer { close(file) }
        return try TreePlace.path(of: file)
    }

    /// The path of a directory in the tree, which is made when missing and then removed afterwards.
    private func directory(_ path: String, mode: mode_t = 0o755) throws(ImageError) -> String {
        if let there = try place.real(path, directory: true) { return there }
        var parent = try place.real(".", directory: true) ?? place.tree
        var inner = ""
        for name in path.split(separator: "/") {
            inner += inner.isEmpty ? String(name) : "/\(name)"
            if let there = try place.real(inner, directory: true) {
                parent = there
                continue
            }
            parent += "/\(name)"
            // Nothing is there, unless it is a link that leads nowhere.
            let there = try ImageError.wrapping { () throws(IOError) in try FileIO.status(parent) }
            guard there == nil else {
                throw ImageError(badTree: inner, "it leads nowhere, and a directory is needed there")
            }
            try makeDirectory(parent, mode: mode)
            undo.append(.removeDirectory(parent))
        }
        return parent
    }

    private func makeDirectory(_ path: String, mode: mode_t) throws(ImageError) {
        guard mkdir(path, mode) == 0, chmod(path, mode) == 0 else {
            throw ImageError(system: errno, "make directory \(path)")
        }
    }

    private func makeFile(_ path: String) throws(ImageError) {
        try ImageError.wrapping { () throws(IOError) in try FileIO.write([], toNew: path, mode: 0o644) }
    }

    private func mount(_ type: String, at path: String, _ flags: Int, _ options: String = "") throws(ImageError) {
        try Mounting.mount(type, at: path, flags, options)
        undo.append(.unmount(path))
    }

    private func bind(_ source: String, at path: String, recursive: Bool = false) throws(ImageError) {
        try Mounting.bind(source, at: path, recursive: recursive)
        undo.append(.unmount(path))
    }
}
