import FactoryExecution
import FactoryImages
import Glibc
import IO

/// Keeps what a worker keeps between jobs within bounds. Its own failures end no job: the next one tidies again.
struct CacheUpkeep: Sendable {
    let cache: LayerCache
    /// `<worker root>/cache`.
    let directory: String
    let report: JobReport

    /// Sets of indexes and notes on images that were not renewed for so long are removed.
    private static let age: Int64 = 30 * 24 * 3600

    /// After a job: what killed jobs left, and what is beyond the limits.
    func tidy() async {
        await tell { try await cache.sweep() }
        await tell { try await trimFiles(packages: ArchivePool.usualLimit) }
    }

    /// After a full disk: everything that nobody uses.
    func makeRoom() async {
        report.log("the disk is full: removing the layers and packages that no job uses")
        await tell { try await cache.makeRoom() }
        await tell { try await trimFiles(packages: 0) }
    }

    private func trimFiles(packages limit: Int) async throws {
        let directory = directory
        try await OwnThread.run("cache-upkeep") { () throws(IOError) in
            try ArchivePool(directory: directory + "/packages").trim(to: limit)
            let oldest = Int64(time(nil)) - Self.age
            for place in ["package-indexes", "base-images"] {
                guard try FileIO.status("\(directory)/\(place)") != nil else { continue }
                for entry in try Directory.entries("\(directory)/\(place)") {
                    let path = "\(directory)/\(place)/\(entry.name)"
                    guard let status = try FileIO.status(path), status.modified / 1_000_000_000 < oldest else {
                        continue
                    }
                    try Directory.remove(path)
                }
            }
        }
    }

    private func tell(_ work: () async throws -> Void) async {
        do { try await work() } catch {
            report.log("the caches could not be tidied, which the next job tries again: \(error)")
        }
    }
}
