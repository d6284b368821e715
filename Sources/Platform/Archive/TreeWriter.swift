import CLinux
import Glibc

/// Makes the files of a layer in a directory, never through a symbolic link. Used by one thread, once.
///
/// Permissions, times and attributes of directories are set at the end, deepest first: until then they must be
/// writable, and a default access control list would be handed down to what is made in them.
final class TreeWriter {
    let root: DirectoryHandle
    let options: LayerUnpacker.Options
    /// Attributes that were left out, by name.
    var ignoredAttributes: [String: Int] = [:]
    /// The directory in which the last entry was made, with those above it: the next entry is mostly there too.
    private var open: [(name: [UInt8], directory: DirectoryHandle)] = []
    private var described: [(path: [[UInt8]], attributes: FileAttributes)] = []
    /// What this layer itself brought, where deletions are carried out at once: they only concern the layers below.
    private var brought: Set<TreePath> = []

    init(root: DirectoryHandle, options: LayerUnpacker.Options) {
        self.root = root
        self.options = options
    }

    /// Sets what the root directory has.
    func describeRoot(_ attributes: FileAttributes) { described.append(([], attributes)) }

    /// Makes a directory, or keeps the one that is there.
    func directory(_ name: [UInt8], in parent: [[UInt8]], _ attributes: FileAttributes) throws(ArchiveError) {
        let (directory, path) = try place(name, in: parent)
        if let facts = directory.facts(name), !facts.isDirectory {
            // Deleted and made again in one layer: nothing of the directory below may shine through.
            let wasDeleted = facts.isWhiteout
            try clear(name, in: directory, path)
            try make(name, in: directory, path)
            if wasDeleted { try makeOpaque(parent + [name]) }
        } else {
            try make(name, in: directory, path)
        }
        described.append((parent + [name], attributes))
    }

    private func make(_ name: [UInt8], in directory: DirectoryHandle, _ path: TreePath) throws(ArchiveError) {
        guard name.withCString({ mkdirat(directory.descriptor, $0, 0o700) }) == 0 || errno == EEXIST else {
            throw ArchiveError(system: errno, "make directory \(path.text)")
        }
    }

    /// Makes a file of `size` bytes from what `next` gives; long runs of zeros become holes.
    func file(
        _ name: [UInt8], in parent: [[UInt8]], size: Int64, _ attributes: FileAttributes,
        _ next: () throws(ArchiveError) -> (bytes: UnsafeRawBufferPointer, offset: Int64)?
    ) throws(ArchiveError) {
        let (directory, path) = try place(name, in: parent)
        try clear(name, in: directory, path)
        let file = name.withCString {
            openat(directory.descriptor, $0, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard file >= 0 else { throw ArchiveError(system: errno, "create \(path.text)") }
        defer { close(file) }
        while let (bytes, offset) = try next() {
            try SparseWriting.write(bytes, at: offset, to: file, path)
        }
        guard ftruncate(file, off_t(size)) == 0 else {
            throw ArchiveError(entry: errno, "set the size of \(path.text)")
        }
        try setAttributes(attributes, ofOpen: file, path)
    }

    /// Makes a symbolic link; what it points to is not looked at.
    func symbolicLink(
        _ name: [UInt8], in parent: [[UInt8]], to destination: [UInt8], _ attributes: FileAttributes
    ) throws(ArchiveError) {
        let (directory, path) = try place(name, in: parent)
        try clear(name, in: directory, path)
        let result = destination.withCString { text in name.withCString { symlinkat(text, directory.descriptor, $0) } }
        guard result == 0 else { throw ArchiveError(entry: errno, "make the link \(path.text)") }
        try setAttributes(attributes, of: name, in: directory, path, isLink: true)
    }

    /// Makes another name for a file that this layer brought (or, where it is applied, that is there).
    func hardLink(_ name: [UInt8], in parent: [[UInt8]], to target: [[UInt8]]) throws(ArchiveError) {
        let path = (parent + [name]).reduce(TreePath.root) { $0.appending($1) }
        guard let last = target.last else {
            throw ArchiveError(.badHardLink, "\(path.text) is a hard link to the root of the layer")
        }
        let source = try existing(Array(target.dropLast()), for: path)
        let (directory, _) = try place(name, in: parent)
        let targetPath = target.reduce(TreePath.root) { $0.appending($1) }
        guard let facts = source.facts(last), !facts.isDirectory, !facts.isWhiteout else {
            throw ArchiveError(
                .badHardLink, "\(path.text) is a hard link to \(targetPath.text), which is no file of the layer")
        }
        if targetPath == path { return }
        try clear(name, in: directory, path)
        let result = last.withCString { old in
            name.withCString { linkat(source.descriptor, old, directory.descriptor, $0, 0) }
        }
        guard result == 0 else { throw ArchiveError(entry: errno, "link \(path.text) to \(targetPath.text)") }
    }

    /// Makes a fifo or a device node.
    func node(
        _ name: [UInt8], in parent: [[UInt8]], type: mode_t, device: UInt64, _ attributes: FileAttributes
    ) throws(ArchiveError) {
        let (directory, path) = try place(name, in: parent)
        try clear(name, in: directory, path)
        guard name.withCString({ mknodat(directory.descriptor, $0, type | 0o600, dev_t(device)) }) == 0 else {
            throw ArchiveError(entry: errno, "make the node \(path.text)")
        }
        try setAttributes(attributes, of: name, in: directory, path, isLink: false)
    }

    /// Deletes `name` of the layers below.
    func whiteout(_ name: [UInt8], in parent: [[UInt8]]) throws(ArchiveError) {
        let (directory, path) = try place(name, in: parent, isDeletion: true)
        if options.form == .applied {
            if !brought.contains(path) { try directory.removeAll(name, path: path) }
            return
        }
        let made = name.withCString { mknodat(directory.descriptor, $0, S_IFCHR, 0) }
        // What the layer itself brings under that name stays (image-spec, layer.md, "Whiteouts").
        guard made != 0 else { return }
        guard errno == EEXIST else { throw ArchiveError(system: errno, "mark \(path.text) as deleted") }
        if let facts = directory.facts(name), facts.isDirectory { try makeOpaque(parent + [name]) }
    }

    /// Hides what the layers below have in the directory.
    func makeOpaque(_ names: [[UInt8]]) throws(ArchiveError) {
        let path = names.reduce(TreePath.root) { $0.appending($1) }
        let directory = try directory(at: names)
        switch options.form {
        case .applied:
            for name in try directory.names(of: path) where !brought.contains(path.appending(name)) {
                try directory.removeAll(name, path: path.appending(name))
            }
        case .overlay, .userOverlay:
            let key = options.form == .overlay ? "trusted.overlay.opaque" : "user.overlay.opaque"
            guard linux_set_attribute_of(directory.descriptor, key, "y", 1) == 0 else {
                throw ArchiveError(system: errno, "mark \(path.text) as opaque (\(key))")
            }
        }
    }

    /// Sets what directories have, deepest first.
    func finish() throws(ArchiveError) {
        // The last word about a directory counts.
        var settled: Set<[[UInt8]]> = []
        let last = described.reversed().filter { settled.insert($0.path).inserted }
        for (names, attributes) in last.sorted(by: { $0.path.count > $1.path.count }) {
            let path = names.reduce(TreePath.root) { $0.appending($1) }
            let directory = try directory(at: names)
            try setAttributes(attributes, ofOpen: directory.descriptor, path)
        }
        open = []
    }

    // MARK: Places

    /// The directory in which `name` is to be made, with its path; remembers that the layer brought it.
    private func place(
        _ name: [UInt8], in parent: [[UInt8]], isDeletion: Bool = false
    ) throws(ArchiveError) -> (DirectoryHandle, TreePath) {
        let directory = try directory(at: parent)
        let path = (parent + [name]).reduce(TreePath.root) { $0.appending($1) }
        if options.form == .applied && !isDeletion { brought.insert(path) }
        return (directory, path)
    }

    /// Opens a directory of the tree, and makes those of its parents that the layer left out.
    private func directory(at names: [[UInt8]]) throws(ArchiveError) -> DirectoryHandle {
        var common = 0
        while common < min(open.count, names.count), open[common].name == names[common] { common += 1 }
        open.removeSubrange(common...)
        for index in common..<names.count {
            let parent = open.last?.directory ?? root
            let path = names[...index].reduce(TreePath.root) { $0.appending($1) }
            if let child = parent.openChild(names[index]) {
                open.append((names[index], child))
                continue
            }
            guard errno == ENOENT else { throw refusal(names[index], in: parent, path, errno) }
            if options.form == .applied { brought.insert(path) }
            guard names[index].withCString({ mkdirat(parent.descriptor, $0, 0o755) }) == 0,
                let child = parent.openChild(names[index])
            else { throw ArchiveError(system: errno, "make directory \(path.text)") }
            // No entry will say what it has, and the umask must not.
            guard fchmod(child.descriptor, 0o755) == 0 else {
                throw ArchiveError(system: errno, "set the mode of \(path.text)")
            }
            open.append((names[index], child))
        }
        return open.last?.directory ?? root
    }

    /// Opens a directory that must be there, as the place of a hard link's target.
    private func existing(_ names: [[UInt8]], for link: TreePath) throws(ArchiveError) -> DirectoryHandle {
        var directory = root
        var path = TreePath.root
        for name in names {
            path = path.appending(name)
            guard let child = directory.openChild(name) else {
                if errno == ENOENT {
                    throw ArchiveError(
                        .badHardLink, "\(link.text) is a hard link into \(path.text), which is not in the layer")
                }
                throw refusal(name, in: directory, path, errno)
            }
            directory = child
        }
        return directory
    }

    /// Why something that must be a directory cannot be opened as one.
    private func refusal(_ name: [UInt8], in parent: DirectoryHandle, _ path: TreePath, _ number: Int32) -> ArchiveError
    {
        guard number == ELOOP || number == ENOTDIR else { return ArchiveError(system: number, "open \(path.text)") }
        if let facts = parent.facts(name), facts.isLink {
            return ArchiveError(.pathThroughLink, "a name in the layer leads through the symbolic link \(path.text)")
        }
        return ArchiveError(.notADirectory, "a name in the layer leads through \(path.text), which is no directory")
    }

    /// Makes room for a new entry of that name.
    private func clear(_ name: [UInt8], in directory: DirectoryHandle, _ path: TreePath) throws(ArchiveError) {
        // No cached handle may point into what is removed: what is open is at most the parent of `name` after place().
        if name.withCString({ unlinkat(directory.descriptor, $0, 0) }) == 0 || errno == ENOENT { return }
        guard errno == EISDIR || errno == EPERM else { throw ArchiveError(system: errno, "replace \(path.text)") }
        try directory.removeAll(name, path: path)
        described.removeAll { $0.path.starts(with: path.names) }
    }
}
