package import FactoryProtocol
import Glibc
import IO
import JSON

/// The directory of one running job: all that passes between an agent and the job's process, which know each other only
/// through it.
///
/// | name | written by | what |
/// |---|---|---|
/// | `job.json` | agent | the order (``JobOrder``); without it the job was never started |
/// | `lock` | job | a record lock while it lives (``SpoolLock``) |
/// | `events.ndjson` | job | one event a line, numbered from 1 |
/// | `job.log` | job | what its process printed itself: a crash's last words |
/// | `reserve` | job | room for the last words on a full disk |
/// | `result.json` | job | how it ended (``JobResult``), whole or not there |
/// | `in/` | agent | inputs by the hexadecimal digits of their digest |
/// | `out/` | job | artifacts by name |
/// | `work/` | job | scratch |
package struct Spool: Sendable, Hashable {
    /// Longest `job.json` and `result.json`, in bytes.
    private static let limit = 4 << 20

    /// Its absolute path.
    package let directory: String

    /// The spool at that path, there or not.
    package init(_ directory: String) { self.directory = directory }

    package var orderPath: String { directory + "/job.json" }
    package var lockPath: String { directory + "/lock" }
    package var eventsPath: String { directory + "/events.ndjson" }
    package var logPath: String { directory + "/job.log" }
    package var reservePath: String { directory + "/reserve" }
    package var resultPath: String { directory + "/result.json" }
    /// Where an input has to be before the job starts.
    package func inputPath(_ digest: Digest) -> String { directory + "/in/" + digest.hex }
    /// Where the job leaves artifacts.
    package var out: String { directory + "/out" }
    /// Scratch space.
    package var work: String { directory + "/work" }

    /// The name of a job's spool: one for every claim, because a job that comes back may find the old one still there.
    package static func name(_ job: JobID, _ fence: Fence) -> String { "\(job).\(fence)" }

    /// Its own name.
    package var name: String { directory.split(separator: "/").last.map(String.init) ?? "" }

    /// Makes the spool of a claim, ready for inputs; ``write(order:)`` finishes it.
    ///
    /// - Throws: `spoolExists`, `diskFull`.
    package static func make(in root: String, job: JobID, fence: Fence) throws(ExecutionError) -> Spool {
        let spool = Spool(root + "/" + name(job, fence))
        do throws(IOError) {
            try Directory.make(root, mode: 0o755)
            if mkdir(spool.directory, 0o700) != 0 { throw IOError(system: errno, "mkdir", spool.directory) }
            try spool.makeFolders()
            // There from the start, so that a follower can watch it before the job writes.
            try FileIO.open(spool.eventsPath, O_WRONLY | O_CREAT).close()
        } catch {
            throw ExecutionError(error)
        }
        return spool
    }

    /// Makes the folders that are missing: a spool made by hand is only a folder with an order in it.
    func makeFolders() throws(IOError) {
        for folder in ["in", "out", "work"] { try Directory.make("\(directory)/\(folder)") }
    }

    /// What the name of a spool begins with that is being removed, and of none that counts.
    private static let gone = ".gone-"

    /// The spools below `root`, sorted by name, those that were never finished included; none when `root` is not there.
    package static func all(in root: String) throws(ExecutionError) -> [Spool] {
        try directories(in: root).filter { !$0.name.hasPrefix(gone) }
    }

    /// The spools below `root` whose removal was begun and not finished; ``remove()`` finishes it.
    package static func halfRemoved(in root: String) throws(ExecutionError) -> [Spool] {
        try directories(in: root).filter { $0.name.hasPrefix(gone) }
    }

    private static func directories(in root: String) throws(ExecutionError) -> [Spool] {
        do throws(IOError) {
            guard try FileIO.status(root) != nil else { return [] }
            return try Directory.entries(root).filter { $0.kind == .directory }.map { Spool("\(root)/\($0.name)") }
        } catch {
            throw ExecutionError(error)
        }
    }

    /// Writes the order; from here on the spool counts. Blocks for a sync.
    package func write(order: JobOrder) throws(ExecutionError) {
        try write(order, to: orderPath)
    }

    /// The order.
    ///
    /// - Throws: `noSpool` when there is none, `badSpool`.
    package func order() throws(ExecutionError) -> JobOrder {
        guard let order = try read(JobOrder.self, from: orderPath) else {
            throw ExecutionError(.noSpool, "\(orderPath) is not there: this is no spool of a job")
        }
        return order
    }

    /// Writes the result, as the job's last act. Blocks for a sync.
    package func write(result: JobResult) throws(ExecutionError) {
        try write(result, to: resultPath)
    }

    /// The result, or nil while there is none.
    package func result() throws(ExecutionError) -> JobResult? {
        try read(JobResult.self, from: resultPath)
    }

    /// Bytes that the file system of the spool has left for us.
    package func freeBytes() throws(ExecutionError) -> Int64 {
        do throws(IOError) {
            return try FileSystemRoom(of: directory).free
        } catch {
            throw ExecutionError(error)
        }
    }

    /// Removes scratch space and inputs, which only a living job needs. Blocks.
    package func removeScratch() throws(ExecutionError) {
        do throws(IOError) {
            try Directory.remove(work)
            try Directory.remove(directory + "/in")
        } catch {
            throw ExecutionError(error)
        }
    }

    /// Removes all of it. Blocks. Its name goes first, so that what is left after a crash on the way, or of a file that
    /// cannot be removed, is no spool any more.
    package func remove() throws(ExecutionError) {
        do throws(IOError) {
            var place = directory
            if !name.hasPrefix(Self.gone) {
                place = FileIO.parent(directory) + "/" + Self.gone + name
                // An earlier spool of this name that could not be removed would be in the way.
                try Directory.remove(place)
                do throws(IOError) {
                    try FileIO.rename(directory, to: place)
                } catch {
                    guard error.code == .notFound else { throw error }
                }
            }
            try Directory.remove(place)
        } catch {
            throw ExecutionError(error)
        }
    }

    private func write(_ value: some Encodable, to path: String) throws(ExecutionError) {
        let bytes: [UInt8]
        do throws(JSONError) {
            bytes = try CanonicalJSON.encode(value)
        } catch {
            throw ExecutionError(.badSpool, "\(path) cannot be written: \(error)")
        }
        do throws(IOError) {
            try AtomicFile.write(bytes, to: path)
        } catch {
            throw ExecutionError(error)
        }
    }

    private func read<Value: Decodable>(_: Value.Type, from path: String) throws(ExecutionError) -> Value? {
        let bytes: [UInt8]
        do throws(IOError) {
            bytes = try FileIO.read(path, limit: Self.limit)
        } catch {
            if error.code == .notFound { return nil }
            throw ExecutionError(error)
        }
        do throws(JSONError) {
            return try StrictJSON.decode(Value.self, from: bytes)
        } catch {
            throw ExecutionError(.badSpool, "\(path) cannot be read: \(error)")
        }
    }
}
