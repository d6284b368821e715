import CLinux
import Glibc

/// Extended attributes (xattr(7)): which of them belong to an image, and how they are read and set.
enum ExtendedAttributes {
    typealias List = [(name: [UInt8], value: [UInt8])]

    /// What an attribute means to a layer.
    enum Meaning {
        /// Part of the file: it travels.
        case carried
        /// overlayfs keeps its own accounts in it: never leaves the machine.
        case overlay(key: String)
        /// The host's own (SELinux labels, IMA and EVM signatures): made anew where the image runs.
        case host
    }

    private static let overlayPrefixes = ["trusted.overlay.", "user.overlay."]

    /// What the attribute of that name means.
    static func meaning(_ name: [UInt8]) -> Meaning {
        let text = String(decoding: name, as: UTF8.self)
        for prefix in overlayPrefixes where text.hasPrefix(prefix) {
            return .overlay(key: String(text.dropFirst(prefix.count)))
        }
        if text.hasPrefix("security.") { return text == "security.capability" ? .carried : .host }
        if text.hasPrefix("system.") {
            return text == "system.posix_acl_access" || text == "system.posix_acl_default" ? .carried : .host
        }
        return .carried
    }

    /// The attributes of `name` in `directory`, sorted; those that the file system cannot have are none.
    static func read(_ name: [UInt8], in directory: DirectoryHandle, path: TreePath) throws(ArchiveError) -> List {
        try directory.path(of: name).withCString { file throws(ArchiveError) in
            try read(path: path) {
                linux_list_attributes(file, $0, $1)
            } get: { key, value, size in
                linux_get_attribute(file, key, value, size)
            }
        }
    }

    /// The attributes of an open file or directory, sorted.
    static func read(descriptor: Int32, path: TreePath) throws(ArchiveError) -> List {
        try read(path: path) {
            linux_list_attributes_of(descriptor, $0, $1)
        } get: { key, value, size in
            linux_get_attribute_of(descriptor, key, value, size)
        }
    }

    private static func read(
        path: TreePath, list: (UnsafeMutablePointer<CChar>?, Int) -> Int,
        get: (UnsafePointer<CChar>, UnsafeMutableRawPointer?, Int) -> Int
    ) throws(ArchiveError) -> List {
        let names: [CChar] = try sized(path, "list attributes of") { list($0, $1) }
        guard !names.isEmpty else { return [] }
        var found: List = []
        for part in names.split(separator: 0) {
            let name = part.map { UInt8(bitPattern: $0) }
            let value: [CChar] = try name.withCString { key throws(ArchiveError) in
                try sized(path, "read attribute \(TreePath.text(name)) of") { get(key, $0, $1) }
            }
            found.append((name, value.map { UInt8(bitPattern: $0) }))
        }
        return found.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    /// Asks for the size, then for the bytes; again when the attribute grew in between.
    private static func sized(
        _ path: TreePath, _ operation: String, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(ArchiveError) -> [CChar] {
        while true {
            let size = call(nil, 0)
            if size == 0 || (size < 0 && errno == ENOTSUP) { return [] }
            guard size > 0 else { throw ArchiveError(system: errno, "\(operation) \(path.text)") }
            var buffer = [CChar](repeating: 0, count: size)
            let count = buffer.withUnsafeMutableBufferPointer { call($0.baseAddress, $0.count) }
            if count >= 0 { return Array(buffer.prefix(count)) }
            if errno != ERANGE { throw ArchiveError(system: errno, "\(operation) \(path.text)") }
        }
    }
}
