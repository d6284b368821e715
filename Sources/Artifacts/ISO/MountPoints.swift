/// Directories that a system tree must have because something is mounted on them before anything could make them: the
/// running system's root is read-only. Without `/oem` immucore skips all that comes after it.
package enum MountPoints {
    /// Path and mode, in octal digits, as `mksquashfs` wants them.
    package static let all: [(path: String, mode: String)] = [
        ("/boot", "0755"), ("/dev", "0755"), ("/oem", "0755"), ("/proc", "0555"), ("/run", "0755"), ("/sys", "0555"),
        ("/tmp", "1777"), ("/usr/local", "0755"),
    ]

    /// `mksquashfs` pseudo file definitions of those that the image lacks. They exist in the squashfs only: the tree is
    /// read, never written.
    package static func pseudoDefinitions(missingFrom directories: Set<String>) -> [String] {
        all.filter { !directories.contains($0.path) }.map { "\($0.path) d \($0.mode) 0 0" }
    }
}
