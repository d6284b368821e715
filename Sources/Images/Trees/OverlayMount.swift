import CLinux
import FactoryProtocol
import Glibc
import IO

/// An overlay mount (Documentation/filesystems/overlayfs.rst), in the mount namespace of this process: in a job it ends
/// with the job at the latest.
///
/// Layers are handed to the kernel as `/proc/self/fd/N`: the options of mount(2) fit in one page, whatever the paths,
/// and no character in them means anything.
package struct OverlayMount: Sendable, Hashable {
    /// Where the tree is.
    package let path: String
    /// An empty directory that was made for it.
    private let empty: String?
    private let isWritten: Bool

    /// The kernel counts the options up to a page; 17 bytes a layer leave room for the rest.
    private static let mostLayers = 200
    /// Without these an upper directory may say "see the layer below", and a layer of it would not be whole. `nofollow`
    /// and not `off`: the kernel may take that for "follow", which it refuses together with `userxattr`.
    private static let wholeFiles = "redirect_dir=nofollow,metacopy=off,index=off"

    /// Mounts a tree that may be written to.
    ///
    /// `volatile`: nothing is synced, so that a power cut leaves an unusable `upper`; ``LayerDraft/publish(_:title:notes:)``
    /// syncs before anything is kept.
    /// - Parameters:
    ///   - lowers: the layers below, the topmost first.
    ///   - upper: where changes go; made when missing.
    ///   - work: a directory for overlayfs itself, on the same file system; made when missing.
    ///   - path: where the tree is shown; made when missing.
    /// - Returns: the mount.
    /// - Throws: `mountRefused`, `notPrivileged`, `fileOperation`, `diskFull`.
    package static func writable(
        lowers: [String], upper: String, work: String, at path: String
    ) throws(ImageError) -> OverlayMount {
        let privilege = try Privilege.required(for: "an overlay mount")
        try ImageError.wrapping { () throws(IOError) in
            // What the upper directory has is what `/` of the tree has.
            try Directory.make(upper, exactMode: 0o755)
            for directory in [work, path] { try Directory.make(directory) }
        }
        let layers = try Layers(lowers + [upper, work])
        let names = layers.names
        var options = "lowerdir=\(names.dropLast(2).joined(separator: ":"))"
        options += ",upperdir=\(names[names.count - 2]),workdir=\(names[names.count - 1]),volatile,\(wholeFiles)"
        if privilege == .userNamespace { options += ",userxattr" }
        // Device nodes may be made in it, and not be opened: the machine's disks are nobody's business there.
        try Mounting.mount("overlay", at: path, Int(MS_NODEV), options)
        return OverlayMount(path: path, empty: nil, isWritten: true)
    }

    /// Mounts a tree for reading only.
    ///
    /// - Parameters:
    ///   - lowers: the layers, the topmost first.
    ///   - path: where the tree is shown; made when missing.
    /// - Returns: the mount.
    /// - Throws: `mountRefused`, `notPrivileged`, `fileOperation`.
    package static func readOnly(lowers: [String], at path: String) throws(ImageError) -> OverlayMount {
        let privilege = try Privilege.required(for: "an overlay mount")
        try ImageError.wrapping { () throws(IOError) in try Directory.make(path) }
        // overlayfs without an upper directory wants two layers at least.
        let empty = lowers.count == 1 ? path + ".empty" : nil
        if let empty { try ImageError.wrapping { () throws(IOError) in try Directory.make(empty) } }
        let layers = try Layers(lowers + (empty.map { [$0] } ?? []))
        var options = "lowerdir=\(layers.names.joined(separator: ":")),\(wholeFiles)"
        if privilege == .userNamespace { options += ",userxattr" }
        try Mounting.mount("overlay", at: path, Int(MS_RDONLY | MS_NODEV), options)
        return OverlayMount(path: path, empty: empty, isWritten: false)
    }

    /// Ends the mount. What is in `upper` stays.
    ///
    /// - Throws: `mountRefused`, for a tree that was written to also while somebody still uses it: what could go on
    ///   changing must not be kept.
    package func unmount() throws(ImageError) {
        try Mounting.unmount(path, lazily: !isWritten)
        if let empty { try ImageError.wrapping { () throws(IOError) in try Directory.remove(empty) } }
    }

    /// Descriptors of the layers, open while the kernel reads their names.
    private final class Layers {
        private var descriptors: [Int32] = []
        var names: [String] { descriptors.map { "/proc/self/fd/\($0)" } }

        init(_ paths: [String]) throws(ImageError) {
            guard paths.count <= OverlayMount.mostLayers else {
                throw ImageError(
                    .mountRefused, .spec,
                    "\(paths.count) layers are more than the \(OverlayMount.mostLayers) of one mount")
            }
            for path in paths {
                let descriptor = open(path, linux_o_path() | O_DIRECTORY | O_CLOEXEC)
                guard descriptor >= 0 else { throw ImageError(system: errno, "open the layer \(path)") }
                descriptors.append(descriptor)
            }
        }

        deinit { for descriptor in descriptors { close(descriptor) } }
    }
}
