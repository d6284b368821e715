import CArchive
import CLinux
import Glibc

/// Turns the entries of a layer into calls on a ``TreeWriter``: names checked, deletions told from files.
struct EntryUnpacker {
    private static let whiteoutPrefix = Array(".wh.".utf8)
    private static let opaqueName = Array(".wh..wh..opq".utf8)
    private static let ownPrefix = Array(".wh..wh.".utf8)
    private static let reportedEvery: Int64 = 16 << 20

    let reader: BlobReader
    let target: TreeWriter
    let options: LayerUnpacker.Options

    /// Unpacks all entries and returns how many there were.
    func run(cancellation: Cancellation, progress: (Int64) -> Void) throws(ArchiveError) -> Int {
        var entries = 0
        var reported: Int64 = 0
        while let entry = try reader.next() {
            try cancellation.check()
            entries += 1
            guard entries <= options.mostEntries else {
                throw ArchiveError(.tooLarge, "the layer has more than the \(options.mostEntries) entries allowed")
            }
            try unpack(entry, cancellation)
            if reader.tarSize - reported >= Self.reportedEvery {
                reported = reader.tarSize
                progress(reported)
            }
        }
        progress(reader.tarSize)
        return entries
    }

    private func unpack(_ entry: OpaquePointer, _ cancellation: Cancellation) throws(ArchiveError) {
        let path = try Self.path(archive_entry_pathname(entry), "the name")
        guard let name = path.last else {
            guard archive_entry_filetype(entry) == S_IFDIR else {
                throw ArchiveError(.badName, "the root of the layer is no directory")
            }
            target.describeRoot(try attributes(of: entry, path))
            return
        }
        let parent = Array(path.dropLast())
        if name.starts(with: Self.whiteoutPrefix) {
            try delete(name, in: parent)
            return
        }
        if let link = archive_entry_hardlink(entry) {
            try target.hardLink(name, in: parent, to: try Self.path(link, "the hard link \(Self.text(path)) to"))
            return
        }
        let attributes = try attributes(of: entry, path)
        switch archive_entry_filetype(entry) {
        case S_IFDIR:
            try target.directory(name, in: parent, attributes)
        case S_IFREG:
            let size = archive_entry_size(entry)
            try target.file(name, in: parent, size: size, attributes) { () throws(ArchiveError) in
                try cancellation.check()
                return try reader.nextContent()
            }
        case S_IFLNK:
            let destination = archive_entry_symlink(entry).map(Self.bytes) ?? []
            guard !destination.isEmpty else {
                throw ArchiveError(
                    .badName, "the symbolic link \(Self.text(path)) has an empty target, which no link can have")
            }
            try target.symbolicLink(name, in: parent, to: destination, attributes)
        case S_IFIFO:
            try target.node(name, in: parent, type: S_IFIFO, device: 0, attributes)
        case S_IFCHR, S_IFBLK:
            try device(entry, name, parent, attributes)
        default:
            throw ArchiveError(.refusedEntry, "\(Self.text(path)) is of a type that layers do not have")
        }
    }

    private func device(
        _ entry: OpaquePointer, _ name: [UInt8], _ parent: [[UInt8]], _ attributes: FileAttributes
    ) throws(ArchiveError) {
        let text = Self.text(parent + [name])
        guard options.devices else {
            throw ArchiveError(.deviceNotAllowed, "\(text) is a device node, and none is allowed here")
        }
        let (major, minor) = (archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry))
        guard major != 0 || minor != 0 else {
            throw ArchiveError(.reserved, "\(text) is the device 0:0, which stands for a deletion in overlayfs")
        }
        try target.node(
            name, in: parent, type: archive_entry_filetype(entry),
            device: linux_device(UInt32(truncatingIfNeeded: major), UInt32(truncatingIfNeeded: minor)), attributes)
    }

    private func delete(_ name: [UInt8], in parent: [[UInt8]]) throws(ArchiveError) {
        if name == Self.opaqueName {
            try target.makeOpaque(parent)
        } else if !name.starts(with: Self.ownPrefix) {
            // Other names with `.wh..wh.` are AUFS's own accounts; every reader passes them over.
            let deleted = Array(name.dropFirst(Self.whiteoutPrefix.count))
            guard !deleted.isEmpty, deleted != Array(".".utf8), deleted != Array("..".utf8) else {
                throw ArchiveError(.badName, "\(Self.text(parent + [name])) names nothing to delete")
            }
            try target.whiteout(deleted, in: parent)
        }
    }

    private func attributes(of entry: OpaquePointer, _ path: [[UInt8]]) throws(ArchiveError) -> FileAttributes {
        let (owner, group) = (archive_entry_uid(entry), archive_entry_gid(entry))
        // The last number is none: chown(2) takes it for "as it is".
        let owners: Range<Int64> = 0..<Int64(UInt32.max)
        guard owners.contains(owner), owners.contains(group) else {
            throw ArchiveError(
                .impossibleEntry,
                "\(Self.text(path)) belongs to user \(owner) and group \(group); Linux has those from 0 to \(UInt32.max - 1)"
            )
        }
        var extended: ExtendedAttributes.List = []
        archive_entry_xattr_reset(entry)
        var (name, value, size): (UnsafePointer<CChar>?, UnsafeRawPointer?, Int) = (nil, nil, 0)
        while archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK {
            guard let name else { continue }
            extended.append((Self.bytes(name), Array(UnsafeRawBufferPointer(start: value, count: size))))
        }
        extended += AccessControlList.attributes(of: entry)
        return FileAttributes(
            permissions: archive_entry_perm(entry) & 0o7777,
            owner: UInt32(truncatingIfNeeded: owner), group: UInt32(truncatingIfNeeded: group),
            time: Int(archive_entry_mtime(entry)),
            nanoseconds: Int(archive_entry_mtime_nsec(entry)), extended: extended)
    }

    // MARK: Names

    private static func bytes(_ text: UnsafePointer<CChar>) -> [UInt8] {
        UnsafeRawBufferPointer(start: text, count: strlen(text)).map(\.self)
    }

    private static func text(_ names: [[UInt8]]) -> String { names.reduce(TreePath.root) { $0.appending($1) }.text }

    /// The components of a name, checked; none for the root.
    ///
    /// A leading slash is the root of the image, as in tar(1): kaniko writes `/` and absolute targets of hard links.
    private static func path(_ text: UnsafePointer<CChar>?, _ what: String) throws(ArchiveError) -> [[UInt8]] {
        guard let text else { throw ArchiveError(.badName, "\(what) of an entry cannot be read") }
        let bytes = bytes(text)
        guard !bytes.isEmpty else { throw ArchiveError(.badName, "\(what) of an entry is empty") }
        let names = bytes.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != Array(".".utf8) }
        guard !names.contains(Array("..".utf8)) else {
            throw ArchiveError(.climbingPath, "\(what) \(TreePath.text(bytes)) climbs with ..")
        }
        guard names.count <= TreePath.greatestDepth else {
            throw ArchiveError(
                .badName,
                "\(what) \(TreePath.text(bytes)) has \(names.count) components, more than \(TreePath.greatestDepth)")
        }
        if let long = names.first(where: { $0.count > TreePath.longestName }) {
            throw ArchiveError(
                .badName, "\(what) \(TreePath.text(long)) has \(long.count) bytes, more than \(TreePath.longestName)")
        }
        return names
    }
}
