import FactoryProtocol
import Glibc
import IO

/// A directory of this machine that programs in a tree see, below the tree's own /run or /tmp, which are of memory
/// while programs run: so no mount point stays in the tree.
package struct SharedDirectory: Sendable {
    private let target: String

    /// Shows `source` at `path`.
    ///
    /// - Parameters:
    ///   - source: a directory of this machine.
    ///   - runner: the tree that is prepared for programs.
    ///   - path: `/run/NAME` or `/tmp/NAME`, not there yet.
    /// - Returns: what to remove when the programs are done.
    /// - Throws: `mountRefused`, `fileOperation`.
    package static func show(
        _ source: String, in runner: TreeRunner, at path: String
    ) throws(ImageError) -> SharedDirectory {
        precondition(
            ["run", "tmp"].contains(path.split(separator: "/").first ?? ""), "only /run and /tmp are not of the tree")
        let place = try TreePlace(runner.tree)
        defer { place.close() }
        let parts = path.split(separator: "/")
        guard parts.count == 2, let parent = try place.real(String(parts[0]), directory: true) else {
            throw ImageError(.fileOperation, .worker, "\(path) in \(runner.tree) cannot be a mount point")
        }
        let target = "\(parent)/\(parts[1])"
        guard mkdir(target, 0o755) == 0 else { throw ImageError(system: errno, "make directory \(target)") }
        try Mounting.bind(source, at: target)
        return SharedDirectory(target: target)
    }

    /// Takes it away again. A mount that stays ends with the tree's /run.
    package func remove() {
        // Tried only: what fails here is undone when /run itself is unmounted, and at last with the job.
        try? Mounting.unmount(target)
    }
}
