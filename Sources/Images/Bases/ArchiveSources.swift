import FactorySpec

/// Where the packages of a Debian suite come from: lines of sources.list(5).
struct ArchiveSources: Sendable, Hashable {
    /// One suite of an archive.
    struct Entry: Sendable, Hashable {
        let mirror: String
        let suite: String

        /// `deb URL SUITE main`.
        var line: String { "deb \(mirror) \(suite) main" }
        /// The signed list of all lists: its hash says what the suite holds.
        var release: String { "\(mirror)/dists/\(suite)/InRelease" }
    }

    /// The suite itself first.
    let entries: [Entry]

    /// What mmdebstrap(1) takes for a stable suite: the archive, its updates and the security archive. With a mirror of
    /// the user's own only that, as mmdebstrap does: nobody knows what else it carries.
    init(_ distribution: BaseReference.Distribution, mirror: String?) {
        let suite = distribution.suite
        if let mirror {
            entries = [Entry(mirror: mirror.last == "/" ? String(mirror.dropLast()) : mirror, suite: suite)]
        } else {
            let archive = "http://mirror.example/debian"
            entries = [
                Entry(mirror: archive, suite: suite), Entry(mirror: archive, suite: suite + "-updates"),
                Entry(mirror: "http://security.example/debian-security", suite: suite + "-security"),
            ]
        }
    }
}
