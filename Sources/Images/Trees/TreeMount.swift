import FactoryProtocol
import IO

/// What the mount of a directory forbids that making an image in it needs.
enum TreeMount {
    /// Why no image can be made in this directory, with the mount, its option and what to do; nil when nothing forbids it.
    /// In a user namespace no device node can be made, and `nodev` takes nothing away.
    static func obstacle(_ directory: String, _ privilege: Privilege) throws(ImageError) -> ImageError? {
        let mount = try ImageError.wrapping { () throws(IOError) in try MountPoint.holding(directory) }
        guard let mount else { return nil }
        let needed = [("noexec", "exec")] + (privilege == .root ? [("nodev", "dev")] : [])
        let forbidding = needed.filter { mount.options.contains($0.0) }
        guard !forbidding.isEmpty else { return nil }
        let (found, wanted) = (forbidding.map(\.0), forbidding.map(\.1))
        return ImageError(
            .mountForbids, .worker,
            "\(mount.path) is mounted with \(found.joined(separator: ",")), so no image can be made in \(directory); "
                + "mount -o remount,\(wanted.joined(separator: ",")) \(mount.path), or give the worker another "
                + "directory; then restart its agent")
    }
}
