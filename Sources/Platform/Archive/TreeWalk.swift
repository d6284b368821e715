import CArchive
import CLinux
import Glibc

/// Walks one tree in sorted order and hands every entry to a ``LayerStream``. Used by one thread, once.
final class TreeWalk {
    private static let whiteoutPrefix = Array(".wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)
    private static let reportedEvery: Int64 = 16 << 20

    private let options: LayerWriter.Options
    private let excluded: Set<[UInt8]>
    private let lowers: [DirectoryHandle]
    private let stream: LayerStream
    private let cancellation: Cancellation
    private let progress: (Int64) -> Void
    private var firstNames: [FileFacts.Inode: TreePath] = [:]
    private var reported: Int64 = 0
    private var buffer = [UInt8](repeating: 0, count: 1 << 20)
    private(set) var entries = 0
    private(set) var sockets: [TreePath] = []

    init(
        options: LayerWriter.Options, stream: LayerStream, cancellation: Cancellation,
        progress: @escaping (Int64) -> Void
    ) throws(ArchiveError) {
        self.options = options
        self.stream = stream
        self.cancellation = cancellation
        self.progress = progress
        excluded = Set(options.excluded.map { Array($0.utf8) })
        var lowers: [DirectoryHandle] = []
        for path in options.lowers { lowers.append(try DirectoryHandle(opening: path)) }
        self.lowers = lowers
    }

    func run(_ tree: String) throws(ArchiveError) {
        let root = try DirectoryHandle(opening: tree)
        guard let facts = root.facts() else { throw ArchiveError(system: errno, "look at \(tree)") }
        let attributes = try ExtendedAttributes.read(descriptor: root.descriptor, path: .root)
        try addDirectory(root, .root, facts, attributes, depth: 0)
        progress(stream.tarSize)
    }

    private func addDirectory(
        _ directory: DirectoryHandle, _ path: TreePath, _ facts: FileFacts, _ attributes: ExtendedAttributes.List,
        depth: Int
    ) throws(ArchiveError) {
        guard depth <= TreePath.greatestDepth else {
            throw ArchiveError(.badName, "\(path.text) is nested deeper than \(TreePath.greatestDepth) directories")
        }
        let (carried, marks) = try sort(attributes, path)
        try header(path, facts, carried)
        if marks.contains(.opaque) && mayHide(path) { try marker(path.appending(Self.opaqueName)) }
        for name in try directory.names(of: path) {
            try cancellation.check()
            let child = path.appending(name)
            if !excluded.isEmpty && excluded.contains(child.bytes) { continue }
            try add(name, in: directory, child, depth: depth)
            if stream.tarSize - reported >= Self.reportedEvery {
                reported = stream.tarSize
                progress(reported)
            }
        }
    }

    private func add(
        _ name: [UInt8], in directory: DirectoryHandle, _ path: TreePath, depth: Int
    ) throws(ArchiveError) {
        if name.starts(with: Self.whiteoutPrefix) {
            throw ArchiveError(.reserved, "\(path.text) cannot be in a layer: names with .wh. stand for deletions")
        }
        guard let facts = directory.facts(name) else { throw ArchiveError(system: errno, "look at \(path.text)") }
        switch facts.type {
        case S_IFCHR where facts.isWhiteout:
            try whiteout(path)
        case S_IFSOCK:
            sockets.append(path)
        case S_IFDIR:
            guard let child = directory.openChild(name) else { throw ArchiveError(system: errno, "open \(path.text)") }
            let attributes = try ExtendedAttributes.read(descriptor: child.descriptor, path: path)
            try addDirectory(child, path, facts, attributes, depth: depth + 1)
        default:
            try addLeaf(name, in: directory, path, facts)
        }
    }

    private func addLeaf(
        _ name: [UInt8], in directory: DirectoryHandle, _ path: TreePath, _ facts: FileFacts
    ) throws(ArchiveError) {
        if facts.links > 1, let first = firstNames[facts.inode] {
            try header(path, facts, [], hardLink: first)
            return
        }
        let (carried, marks) = try sort(try ExtendedAttributes.read(name, in: directory, path: path), path)
        if marks.contains(.whiteout) {
            try whiteout(path)
            return
        }
        if facts.links > 1 { firstNames[facts.inode] = path }
        switch facts.type {
        case S_IFREG:
            let file = name.withCString {
                openat(directory.descriptor, $0, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            }
            guard file >= 0 else { throw ArchiveError(system: errno, "open \(path.text)") }
            defer { close(file) }
            try header(path, facts, carried)
            try content(of: file, path, size: Int(facts.size))
        case S_IFLNK:
            try header(path, facts, carried, symbolicLink: try target(of: name, in: directory, path))
        default:
            try header(path, facts, carried)
        }
    }

    private func content(of file: Int32, _ path: TreePath, size: Int) throws(ArchiveError) {
        var rest = size
        while rest > 0 {
            try cancellation.check()
            let count = buffer.withUnsafeMutableBytes { read(file, $0.baseAddress, min($0.count, rest)) }
            if count < 0 {
                if errno == EINTR { continue }
                throw ArchiveError(system: errno, "read \(path.text)")
            }
            guard count > 0 else {
                throw ArchiveError(.changedMeanwhile, "\(path.text) lost \(rest) of \(size) bytes while it was read")
            }
            try buffer.withUnsafeBufferPointer { bytes throws(ArchiveError) in
                try stream.append(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes.prefix(count))), of: path)
            }
            rest -= count
        }
    }

    private func target(of name: [UInt8], in directory: DirectoryHandle, _ path: TreePath) throws(ArchiveError)
        -> [UInt8]
    {
        var target = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = name.withCString { readlinkat(directory.descriptor, $0, &target, target.count) }
        guard count >= 0 else { throw ArchiveError(system: errno, "read link \(path.text)") }
        return target.prefix(count).map { UInt8(bitPattern: $0) }
    }

    // MARK: What overlayfs says in attributes

    private enum Mark {
        case opaque
        case whiteout
    }

    /// Parts what travels from what overlayfs keeps for itself (Documentation/filesystems/overlayfs.rst).
    private func sort(
        _ attributes: ExtendedAttributes.List, _ path: TreePath
    ) throws(ArchiveError) -> (carried: ExtendedAttributes.List, marks: Set<Mark>) {
        var carried: ExtendedAttributes.List = []
        var marks: Set<Mark> = []
        for attribute in attributes {
            switch ExtendedAttributes.meaning(attribute.name) {
            case .carried: carried.append(attribute)
            case .host: break
            case .overlay("opaque"): if attribute.value == [UInt8(ascii: "y")] { marks.insert(.opaque) }
            case .overlay("whiteout"): marks.insert(.whiteout)
            case .overlay(let key) where key == "redirect" || key == "metacopy":
                throw ArchiveError(
                    .incompleteTree,
                    "\(path.text) lies in another layer (overlay attribute \(key)): mount with redirect_dir=nofollow,metacopy=off"
                )
            case .overlay: break
            }
        }
        return (carried, marks)
    }

    /// Whether a tree below may have this directory, so that the mark is needed. An error counts as yes.
    private func mayHide(_ path: TreePath) -> Bool {
        guard !lowers.isEmpty, !path.isRoot else { return !path.isRoot }
        return lowers.contains { lower in
            guard let facts = lower.facts(path.bytes) else { return errno != ENOENT && errno != ENOTDIR }
            return facts.isDirectory
        }
    }

    // MARK: Entries

    private func whiteout(_ path: TreePath) throws(ArchiveError) {
        var names = path.names
        let last = names.removeLast()
        try marker(names.reduce(TreePath.root) { $0.appending($1) }.appending(Self.whiteoutPrefix + last))
    }

    /// An empty file whose name is all that counts; everything else is the same every time.
    private func marker(_ path: TreePath) throws(ArchiveError) {
        try header(path, FileFacts(mode: S_IFREG | 0o600), [])
    }

    private func header(
        _ path: TreePath, _ facts: FileFacts, _ attributes: ExtendedAttributes.List, hardLink: TreePath? = nil,
        symbolicLink: [UInt8]? = nil
    ) throws(ArchiveError) {
        entries += 1
        try stream.begin(path) { entry in
            (path.isRoot ? Array("./".utf8) : path.bytes).withCString { archive_entry_copy_pathname(entry, $0) }
            archive_entry_set_mode(entry, facts.mode)
            archive_entry_set_uid(entry, Int64(facts.owner))
            archive_entry_set_gid(entry, Int64(facts.group))
            archive_entry_set_mtime(entry, time_t(min(facts.time, options.latestTime ?? facts.time)), 0)
            archive_entry_set_size(entry, facts.type == S_IFREG && hardLink == nil ? facts.size : 0)
            if let hardLink { hardLink.bytes.withCString { archive_entry_copy_hardlink(entry, $0) } }
            if let symbolicLink { symbolicLink.withCString { archive_entry_copy_symlink(entry, $0) } }
            if facts.type == S_IFCHR || facts.type == S_IFBLK {
                archive_entry_set_rdevmajor(entry, dev_t(linux_device_major(facts.device)))
                archive_entry_set_rdevminor(entry, dev_t(linux_device_minor(facts.device)))
            }
            for (name, value) in attributes {
                name.withCString { archive_entry_xattr_add_entry(entry, $0, value, value.count) }
            }
        }
    }
}
