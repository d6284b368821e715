import Glibc

/// Why a layer could not be written or unpacked.
package struct ArchiveError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; stable, compare by it.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// A system call on a file of the tree or on the blob failed; `errno` tells.
        package static let system = Code(rawValue: "archive-system")
        /// The disk or the quota is full.
        package static let noSpace = Code(rawValue: "archive-no-space")
        /// The blob is no tar in gzip, zstd or nothing, or it is cut off.
        package static let damaged = Code(rawValue: "archive-damaged")
        /// libarchive refused an entry.
        package static let refusedEntry = Code(rawValue: "archive-refused-entry")
        /// A name in the layer climbs with `..`.
        package static let climbingPath = Code(rawValue: "archive-climbing-path")
        /// A name in the layer goes through a symbolic link.
        package static let pathThroughLink = Code(rawValue: "archive-path-through-link")
        /// A name in the layer goes through something that is no directory.
        package static let notADirectory = Code(rawValue: "archive-not-a-directory")
        /// A name is empty, too long, or nested too deep.
        package static let badName = Code(rawValue: "archive-bad-name")
        /// A hard link names a file outside of the layer, or one that is not there.
        package static let badHardLink = Code(rawValue: "archive-bad-hard-link")
        /// A device node where none is allowed.
        package static let deviceNotAllowed = Code(rawValue: "archive-device-not-allowed")
        /// A name of the tree is one that layers use for deletions (`.wh.`), or a device that overlayfs does.
        package static let reserved = Code(rawValue: "archive-reserved")
        /// The tree was written by an overlay mount with redirect_dir or metacopy: it is not whole by itself.
        package static let incompleteTree = Code(rawValue: "archive-incomplete-tree")
        /// A file became shorter, or went away, while it was read.
        package static let changedMeanwhile = Code(rawValue: "archive-changed-meanwhile")
        /// The bytes are not those that the digest names.
        package static let wrongDigest = Code(rawValue: "archive-wrong-digest")
        /// An entry says what no file can be: no file system takes it.
        package static let impossibleEntry = Code(rawValue: "archive-impossible-entry")
        /// An entry belongs to an owner beyond those that a user namespace usually has.
        package static let ownerNotMapped = Code(rawValue: "archive-owner-not-mapped")
        /// The user namespace of this process has fewer owners than usual, and not that of an entry.
        package static let mapTooSmall = Code(rawValue: "archive-map-too-small")
        /// More entries or bytes than allowed.
        package static let tooLarge = Code(rawValue: "archive-too-large")
        /// The task was cancelled.
        package static let cancelled = Code(rawValue: "archive-cancelled")
    }

    /// The kind of failure.
    package let code: Code
    /// A sentence that names the thing, the value and the limit.
    package let message: String
    /// The error number, when a system call failed; 0 otherwise.
    package let errno: Int32

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
        errno = 0
    }

    /// The failure of a system call: `operation` says what was tried, `number` is its errno.
    init(system number: Int32, _ operation: String) {
        code = number == ENOSPC || number == EDQUOT ? .noSpace : .system
        message = "\(operation): \(String(cString: strerror(number)))"
        errno = number
    }

    /// The failure of a system call that makes what an entry of a layer says. What only the entry itself can cause is the
    /// layer's fault, and the same on every machine.
    init(entry number: Int32, _ operation: String) {
        let isImpossible = [ENOENT, EINVAL, EFBIG, ENAMETOOLONG, EMLINK, E2BIG, ERANGE, EOVERFLOW].contains(number)
        code = isImpossible ? .impossibleEntry : number == ENOSPC || number == EDQUOT ? .noSpace : .system
        message = "\(operation): \(String(cString: strerror(number)))"
        errno = number
    }

    package var description: String { message }
}
