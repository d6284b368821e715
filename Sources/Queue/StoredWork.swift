import FactoryProtocol
import FactorySpec
import JSON
import SQLite

/// The work of a job as its row holds it: JSON, and the number of the format that it is written in.
///
/// A release reads every format up to its own: ``JobWork/format``.
struct StoredWork {
    /// The format that is written, and the newest that is read.
    static let format = JobWork.format

    let format: Int64
    let json: String

    /// Reads it.
    ///
    /// - Throws: The failure of a job whose work cannot be read. No attempt would read it.
    func decoded() throws(UndecodableWork) -> JobWork {
        guard format <= Self.format else {
            throw UndecodableWork(
                "its work is written in format \(format), and this release reads up to \(Self.format): upgrade factoryd, "
                    + "then retry the build")
        }
        do throws(JSONError) {
            return try StrictJSON.decode(JobWork.self, from: Array(json.utf8), maxDepth: JSONCheck.greatestDepth)
        } catch {
            throw UndecodableWork("its work cannot be read: \(error). Submit the build again")
        }
    }
}

/// Why the row of a job cannot be read.
struct UndecodableWork: Error {
    let message: String

    init(_ message: String) { self.message = message }

    /// How such a job ends: at once, because no attempt would read it.
    func failure(of job: JobID) -> Failure {
        Failure(cause: .internal, code: "undecodable-work", message: "job \(job.rawValue): \(message)")
    }
}
