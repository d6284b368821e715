import CLinux
import Glibc

/// mount(2) and umount2(2) with errors that say what was tried.
enum Mounting {
    /// Mounts a file system of `type` at `path`.
    static func mount(
        _ type: String, at path: String, _ flags: Int = 0, _ options: String = "", source: String? = nil
    ) throws(ImageError) {
        guard Glibc.mount(source ?? type, path, type, UInt(flags), options) == 0 else {
            throw ImageError(system: errno, "mount \(type) at \(path) (\(options))", code: .mountRefused)
        }
    }

    /// Shows `source` at `path` as well; `recursive` with the mounts below it.
    static func bind(_ source: String, at path: String, recursive: Bool = false) throws(ImageError) {
        guard Glibc.mount(source, path, nil, UInt(MS_BIND | (recursive ? MS_REC : 0)), nil) == 0 else {
            throw ImageError(system: errno, "bind \(source) at \(path)", code: .mountRefused)
        }
    }

    /// Makes the mount at `path` read-only.
    static func protect(_ path: String) throws(ImageError) {
        guard Glibc.mount(nil, path, nil, UInt(MS_BIND | MS_REMOUNT | MS_RDONLY), nil) == 0 else {
            throw ImageError(system: errno, "make \(path) read-only", code: .mountRefused)
        }
    }

    /// Ends the mount at `path`. Lazily, one that a left-behind process still uses is taken out of the tree at once and
    /// ends with that process.
    static func unmount(_ path: String, lazily: Bool = true) throws(ImageError) {
        if umount2(path, 0) == 0 { return }
        // Between its fork and its exec a program that we start holds copies of our descriptors: that passes within
        // milliseconds, and somebody who really uses the mount does not.
        for _ in 0..<20 where errno == EBUSY && !lazily {
            usleep(5000)
            if umount2(path, 0) == 0 { return }
        }
        guard errno == EBUSY, lazily, umount2(path, Int32(MNT_DETACH)) == 0 else {
            throw ImageError(system: errno, "unmount \(path)", code: .mountRefused)
        }
    }
}
