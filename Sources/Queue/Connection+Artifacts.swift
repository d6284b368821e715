import FactoryProtocol
import SQLite

extension Connection {
    /// What a job made, in its own order.
    borrowing func artifacts(of job: JobID) throws -> [Artifact] {
        let rows: [(String, String, Digest, Int64, String)] = try all(
            "SELECT name, role, digest, size, media_type FROM artifacts WHERE job = ? ORDER BY place", job)
        return rows.map {
            Artifact(name: $0.0, role: Artifact.Role(rawValue: $0.1), digest: $0.2, size: $0.3, mediaType: $0.4)
        }
    }

    /// What all jobs of a build made, in the order of the plan.
    borrowing func artifacts(ofBuild build: BuildID) throws -> [JobArtifact] {
        let jobs: [JobID] = try all("SELECT id FROM jobs WHERE build = ? ORDER BY place", build)
        var found: [JobArtifact] = []
        for job in jobs { found += try artifacts(of: job).map { JobArtifact(job: job, artifact: $0) } }
        return found
    }

    /// What the jobs that a job needs made.
    borrowing func inputs(of job: JobID) throws -> [Artifact] {
        let needs: [JobID] = try all(
            "SELECT needs FROM dependencies JOIN jobs ON jobs.id = needs WHERE job = ? ORDER BY place", job)
        var found: [Artifact] = []
        for need in needs { found += try artifacts(of: need) }
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
