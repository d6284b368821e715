// CArchive, because the compiler counts timespec among what its headers bring.
import CArchive
import CLinux
import Glibc

/// Owners, permissions, attributes and times, in the order in which the kernel keeps them: a change of the owner clears
/// set-id bits and capabilities, so those follow; the time comes last.
extension TreeWriter {
    /// Sets what an open file or directory has.
    func setAttributes(_ attributes: FileAttributes, ofOpen file: Int32, _ path: TreePath) throws(ArchiveError) {
        if options.owners && fchown(file, attributes.owner, attributes.group) != 0 {
            throw Self.refusal(of: attributes, path, errno)
        }
        guard fchmod(file, mode_t(attributes.permissions)) == 0 else {
            throw ArchiveError(system: errno, "set the permissions of \(path.text)")
        }
        try dropInherited(attributes, path) { linux_remove_attribute_of(file, $0) }
        try setExtended(attributes, path) { linux_set_attribute_of(file, $0, $1, $2) }
        var times = Self.times(attributes)
        guard futimens(file, &times) == 0 else { throw ArchiveError(entry: errno, "set the time of \(path.text)") }
    }

    /// Sets what a link or a node has, which cannot be opened.
    func setAttributes(
        _ attributes: FileAttributes, of name: [UInt8], in directory: DirectoryHandle, _ path: TreePath, isLink: Bool
    ) throws(ArchiveError) {
        let parent = directory.descriptor
        try name.withCString { file throws(ArchiveError) in
            if options.owners
                && fchownat(parent, file, attributes.owner, attributes.group, AT_SYMLINK_NOFOLLOW) != 0
            {
                throw Self.refusal(of: attributes, path, errno)
            }
            // The permissions of a symbolic link mean nothing and cannot be set; a node was just made here, so that
            // fchmodat(2), which follows links, meets none.
            if !isLink && fchmodat(parent, file, mode_t(attributes.permissions), 0) != 0 {
                throw ArchiveError(system: errno, "set the permissions of \(path.text)")
            }
        }
        try directory.path(of: name).withCString { file throws(ArchiveError) in
            if !isLink { try dropInherited(attributes, path) { linux_remove_attribute(file, $0) } }
            try setExtended(attributes, path) { linux_set_attribute(file, $0, $1, $2) }
        }
        var times = Self.times(attributes)
        guard name.withCString({ utimensat(parent, $0, &times, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            throw ArchiveError(entry: errno, "set the time of \(path.text)")
        }
    }

    private static func refusal(of attributes: FileAttributes, _ path: TreePath, _ number: Int32) -> ArchiveError {
        let (user, group) = (attributes.owner, attributes.group)
        if number == EINVAL { return OwnerMap.current().error(path, user: user, group: group) }
        return ArchiveError(system: number, "give \(path.text) to \(user):\(group)")
    }

    /// Takes away the list that a directory of the layers below handed down: the layer's own word is the whole truth.
    private func dropInherited(
        _ attributes: FileAttributes, _ path: TreePath, _ remove: (UnsafePointer<CChar>) -> Int32
    ) throws(ArchiveError) {
        let list = "system.posix_acl_access"
        guard options.form == .applied, !attributes.extended.contains(where: { $0.name == Array(list.utf8) }) else {
            return
        }
        if remove(list) != 0 && errno != ENODATA && errno != ENOTSUP {
            throw ArchiveError(system: errno, "remove the access control list of \(path.text)")
        }
    }

    private func setExtended(
        _ attributes: FileAttributes, _ path: TreePath,
        _ set: (UnsafePointer<CChar>, UnsafeRawPointer?, Int) -> Int32
    ) throws(ArchiveError) {
        for (name, value) in attributes.extended {
            guard case .carried = ExtendedAttributes.meaning(name) else {
                ignoredAttributes[TreePath.text(name), default: 0] += 1
                continue
            }
            let result = name.withCString { key in value.withUnsafeBytes { set(key, $0.baseAddress, $0.count) } }
            guard result == 0 else {
                throw ArchiveError(entry: errno, "set the attribute \(TreePath.text(name)) of \(path.text)")
            }
        }
    }

    private static func times(_ attributes: FileAttributes) -> [timespec] {
        let time = timespec(tv_sec: attributes.time, tv_nsec: attributes.nanoseconds)
        return [time, time]
    }
}
