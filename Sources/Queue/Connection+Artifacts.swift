import FactoryProtocol
import SQLite

/// What a job made, as its rows have it.
struct StoredArtifacts {
    /// What can be read, in its own order.
    var readable: [Artifact] = []
    /// Why the first of the others cannot be read; nil when all can.
    var fault: String?
}

extension Connection {
    /// What a job made.
    borrowing func artifacts(of job: JobID) throws -> StoredArtifacts {
        let rows: [(String, String, Stored<Digest>, Int64, String)] = try all(
            "SELECT name, role, digest, size, media_type FROM artifacts WHERE job = ? ORDER BY place", job)
        var found = StoredArtifacts()
        for (name, role, digest, size, mediaType) in rows {
            switch digest {
            case .decoded(let digest):
                found.readable.append(
                    Artifact(
                        name: name, role: Artifact.Role(rawValue: role), digest: digest, size: size,
                        mediaType: mediaType))
            case .undecodable(let why): found.fault = found.fault ?? "its artifact \(name) cannot be read: \(why)"
            }
        }
        return found
    }

    /// What all jobs of a build made, in the order of the plan, and for which jobs some of it cannot be read and is left out.
    borrowing func artifacts(
        ofBuild build: BuildID
    ) throws -> (readable: [JobArtifact], faults: [JobID: String]) {
        let jobs: [JobID] = try all("SELECT id FROM jobs WHERE build = ? ORDER BY place", build)
        var readable: [JobArtifact] = []
        var faults: [JobID: String] = [:]
        for job in jobs {
            let made = try artifacts(of: job)
            readable += made.readable.map { JobArtifact(job: job, artifact: $0) }
            faults[job] = made.fault
        }
        return (readable, faults)
    }

    /// What the jobs that a job needs made.
    ///
    /// - Throws: ``UndecodableWork`` when some of it cannot be read: no attempt would find it.
    borrowing func inputs(of job: JobID) throws -> [Artifact] {
        let needs: [JobID] = try all(
            "SELECT needs FROM dependencies JOIN jobs ON jobs.id = needs WHERE job = ? ORDER BY place", job)
        var found: [Artifact] = []
        for need in needs {
            let made = try artifacts(of: need)
            if let fault = made.fault {
                throw UndecodableWork("it needs \(need.rawValue), and \(fault). Submit the build again")
            }
            found += made.readable
        }
        return found
    }

    /// Replaces what a job is known to have made.
    borrowing func store(_ artifacts: [Artifact], of job: JobID) throws {
        try run("DELETE FROM artifacts WHERE job = ?", job)
        for (place, artifact) in artifacts.enumerated() {
            try run(
                "INSERT INTO artifacts VALUES (?, ?, ?, ?, ?, ?, ?)", job, place, artifact.name,
                artifact.role.rawValue, artifact.digest, artifact.size, artifact.mediaType)
        }
    }
}
