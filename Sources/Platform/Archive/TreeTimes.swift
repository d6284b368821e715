// CArchive and CLinux, because the compiler counts timespec among what their headers bring, one in debug, one in release.
import CArchive
import CLinux
import Glibc

/// The times of the files of a tree.
package enum TreeTimes {
    /// Sets the time of every file that is newer to `latest`, in seconds since 1970, so that the tree is what its layer says.
    ///
    /// Done before the tree is mounted as a lower layer: overlayfs wants those to stay as they are.
    /// - Throws: `badName` for a tree that is too deep; `system`.
    package static func clamp(_ tree: String, to latest: Int64) async throws(ArchiveError) {
        try await Cancellation.run("tree-times") { cancellation throws(ArchiveError) in
            let root = try DirectoryHandle(opening: tree)
            try clamp(root, .root, latest, cancellation, depth: 0)
            guard let facts = root.facts() else { throw ArchiveError(system: errno, "look at \(tree)") }
            var times = [timespec(tv_sec: time_t(latest), tv_nsec: 0), timespec(tv_sec: time_t(latest), tv_nsec: 0)]
            if facts.time > latest && futimens(root.descriptor, &times) != 0 {
                throw ArchiveError(system: errno, "set the time of \(tree)")
            }
        }
    }

    private static func clamp(
        _ directory: DirectoryHandle, _ path: TreePath, _ latest: Int64, _ cancellation: Cancellation, depth: Int
    ) throws(ArchiveError) {
        guard depth <= TreePath.greatestDepth else {
            throw ArchiveError(.badName, "\(path.text) is nested deeper than \(TreePath.greatestDepth) directories")
        }
        var times = [timespec(tv_sec: time_t(latest), tv_nsec: 0), timespec(tv_sec: time_t(latest), tv_nsec: 0)]
        for name in try directory.names(of: path) {
            try cancellation.check()
            let child = path.appending(name)
            guard let facts = directory.facts(name) else { throw ArchiveError(system: errno, "look at \(child.text)") }
            if facts.isDirectory {
                guard let inner = directory.openChild(name) else {
                    throw ArchiveError(system: errno, "open \(child.text)")
                }
                try clamp(inner, child, latest, cancellation, depth: depth + 1)
            }
            guard facts.time > latest else { continue }
            let result = name.withCString { utimensat(directory.descriptor, $0, &times, AT_SYMLINK_NOFOLLOW) }
            guard result == 0 else { throw ArchiveError(system: errno, "set the time of \(child.text)") }
        }
    }
}
