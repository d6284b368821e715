import Archive
package import FactoryExecution
package import FactoryProtocol
import Glibc
import IO
import JSON
import Processes

/// Why a tree, a layer or an image could not be had.
package struct ImageError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; stable, for comparing and for the wire.
    package struct Code: RawRepresentable, Hashable, Sendable {
        package let rawValue: String
        package init(rawValue: String) { self.rawValue = rawValue }

        /// A mount was refused.
        package static let mountRefused = Code(rawValue: "mount-refused")
        /// The mount of the worker's trees forbids what their programs do.
        package static let mountForbids = Code(rawValue: Failure.mountForbids)
        /// Neither root nor a user namespace: nothing can be mounted.
        package static let notPrivileged = Code(rawValue: "not-privileged")
        /// The disk is full.
        package static let diskFull = Code(rawValue: "disk-full")
        /// A file operation failed.
        package static let fileOperation = Code(rawValue: "file-operation")
        /// Another job holds what this one needs.
        package static let busy = Code(rawValue: "busy")
        /// Files of a tree, which are those of its base, are in the way.
        package static let badTree = Code(rawValue: "bad-tree")
        /// A layer could not be written or unpacked.
        package static let badLayer = Code(rawValue: "bad-layer")
        /// A manifest, an index or a configuration is not what the specification asks for.
        package static let badImage = Code(rawValue: "bad-image")
        /// An input of the job is missing.
        package static let missingInput = Code(rawValue: "missing-input")
        /// A program is missing on this machine.
        package static let toolMissing = Code(rawValue: "tool-missing")
        /// A program failed.
        package static let toolFailed = Code(rawValue: "tool-failed")
        /// The package mirror could not be reached.
        package static let mirrorUnreachable = Code(rawValue: "mirror-unreachable")
        /// The mirror is there but has not what was asked for.
        package static let suiteNotFound = Code(rawValue: "suite-not-found")
        /// The registry could not be reached.
        package static let registryUnreachable = Code(rawValue: "registry-unreachable")
        /// The reference names no image, or none that may be read.
        package static let imageNotFound = Code(rawValue: "image-not-found")
        /// The image has nothing for the processor asked for.
        package static let wrongArchitecture = Code(rawValue: "wrong-architecture")
        /// The package archive is not signed by who should sign it.
        package static let archiveUntrusted = Code(rawValue: "archive-untrusted")
        /// The package archive changed each time while a base was made from it.
        package static let archiveChanged = Code(rawValue: "archive-changed")
        /// The job was cancelled.
        package static let cancelled = Code(rawValue: "cancelled")
    }

    /// The kind of failure.
    package let code: Code
    /// Who is at fault.
    package let cause: Failure.Cause
    /// A sentence that names the thing, the value and the limit.
    package let message: String
    /// A tool's own words.
    package let excerpt: [String]

    package init(_ code: Code, _ cause: Failure.Cause, _ message: String, excerpt: [String] = []) {
        self.code = code
        self.cause = cause
        self.message = message
        self.excerpt = excerpt
    }

    package var description: String { message }

    /// The same as the end of a job.
    package var failure: JobFailure { JobFailure(cause, code.rawValue, message, excerpt: excerpt) }
}

extension ImageError {
    /// The failure of a system call; `number` is its errno.
    init(system number: Int32, _ operation: String, code: Code = .fileOperation) {
        let full = number == ENOSPC || number == EDQUOT
        self.init(full ? .diskFull : code, .worker, "\(operation): \(String(cString: strerror(number)))")
    }

    /// The failure of a call on a path of a tree. What its own files cause is the same at every try: they are the base's.
    init(tree number: Int32, _ operation: String, _ path: String, in tree: String) {
        let isItsOwn = [ELOOP, ENOTDIR, EISDIR, EEXIST, ENAMETOOLONG].contains(number)
        guard isItsOwn else {
            self.init(system: number, "\(operation) \(path) in \(tree)")
            return
        }
        self.init(badTree: path, "cannot \(operation) it: \(String(cString: strerror(number)))")
    }

    /// What is wrong with a path of a tree.
    init(badTree path: String, _ fault: String) {
        let path = path.hasPrefix("/") ? path : "/" + path
        self.init(.badTree, .spec, "\(path) of the image: \(fault); mend the base")
    }

    init(_ error: IOError) {
        switch error.code {
        case .noSpace: self.init(.diskFull, .worker, error.message)
        case .locked: self.init(.busy, .worker, error.message)
        case .cancelled: self.init(.cancelled, .worker, error.message)
        default: self.init(.fileOperation, .worker, error.message)
        }
    }

    /// `cause` says whose layer it is: the worker's own trees, or a base that came from outside.
    init(_ error: ArchiveError, cause: Failure.Cause = .worker) {
        switch error.code {
        case .noSpace: self.init(.diskFull, .worker, error.message)
        case .cancelled: self.init(.cancelled, .worker, error.message)
        case .system, .mapTooSmall: self.init(.fileOperation, .worker, error.message)
        default: self.init(.badLayer, cause, error.message)
        }
    }

    init(_ error: ProcessError, code: Code = .toolFailed, cause: Failure.Cause = .worker) {
        switch error.code {
        case .programNotFound: self.init(.toolMissing, .worker, error.message)
        case .programNotInRoot: self.init(.toolMissing, .spec, error.message)
        case .cancelled: self.init(.cancelled, .worker, error.message)
        default: self.init(code, cause, error.message, excerpt: error.lastLines)
        }
    }

    /// What stands in a file that should be JSON of ours or of the OCI.
    init(_ error: JSONError, _ what: String, code: Code = .badImage, cause: Failure.Cause = .worker) {
        self.init(code, cause, "\(what): \(error.description)")
    }

    /// The canonical JSON of a value of ours; `what` names it in the error.
    static func canonical(_ value: some Encodable, _ what: String) throws(ImageError) -> [UInt8] {
        do throws(JSONError) { return try CanonicalJSON.encode(value) } catch {
            throw ImageError(error, what, cause: .internal)
        }
    }

    /// Runs `body` and turns an error of the ground floor into one of ours.
    static func wrapping<Value>(_ body: () throws(IOError) -> Value) throws(ImageError) -> Value {
        do throws(IOError) { return try body() } catch { throw ImageError(error) }
    }
}
