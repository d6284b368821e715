import CArchive

/// POSIX access control lists that a layer carries as text (`SCHILY.acl.access`), as GNU tar and bsdtar write them.
///
/// Ours carry them as the attributes that the kernel keeps them in, which container engines set as well.
enum AccessControlList {
    /// The attributes for the lists of the entry; a list that names users only by name is none, names mean nothing here.
    static func attributes(of entry: OpaquePointer) -> ExtendedAttributes.List {
        var found: ExtendedAttributes.List = []
        for (type, name) in [
            (ARCHIVE_ENTRY_ACL_TYPE_ACCESS, "system.posix_acl_access"),
            (ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, "system.posix_acl_default"),
        ] {
            if let value = value(of: entry, type) { found.append((Array(name.utf8), value)) }
        }
        return found
    }

    /// linux/posix_acl_xattr.h: version 2, then (tag, permissions, id) in little-endian order, sorted by tag and id.
    private static func value(of entry: OpaquePointer, _ type: Int32) -> [UInt8]? {
        guard archive_entry_acl_reset(entry, type) > 0 else { return nil }
        var items: [(tag: UInt16, permissions: UInt16, id: UInt32)] = []
        var (kind, permissions, tag, id): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
        var name: UnsafePointer<CChar>?
        while archive_entry_acl_next(entry, type, &kind, &permissions, &tag, &id, &name) == ARCHIVE_OK {
            let code: UInt16? =
                switch tag {
                case ARCHIVE_ENTRY_ACL_USER_OBJ: 0x01
                case ARCHIVE_ENTRY_ACL_USER: 0x02
                case ARCHIVE_ENTRY_ACL_GROUP_OBJ: 0x04
                case ARCHIVE_ENTRY_ACL_GROUP: 0x08
                case ARCHIVE_ENTRY_ACL_MASK: 0x10
                case ARCHIVE_ENTRY_ACL_OTHER: 0x20
                default: nil
                }
            guard let code else { return nil }
            let named = code == 0x02 || code == 0x08
            if named && id < 0 { return nil }
            items.append((code, UInt16(permissions & 7), named ? UInt32(id) : .max))
        }
        items.sort { ($0.tag, $0.id) < ($1.tag, $1.id) }
        var bytes: [UInt8] = [2, 0, 0, 0]
        for item in items {
            withUnsafeBytes(of: item.tag.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: item.permissions.littleEndian) { bytes.append(contentsOf: $0) }
            withUnsafeBytes(of: item.id.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
