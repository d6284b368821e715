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

    /// A mirror of the user's own and nothing else, as mmdebstrap(1) does: nobody knows what else it carries.
    init(_ distribution: BaseReference.Distribution, mirror: String) {
        entries = [
            Entry(mirror: mirror.last == "/" ? String(mirror.dropLast()) : mirror, suite: distribution.suite)
        ]
    }

    /// What a sources.list says; nil when a line is none that a base is made from (sources.list(5), one-line style).
    init?(list: String) {
        var entries: [Entry] = []
        for line in list.split(separator: "\n") where !line.hasPrefix("#") {
            let words = line.split(separator: " ")
            guard words.count == 4, words[0] == "deb", words[3] == "main" else { return nil }
            entries.append(Entry(mirror: String(words[1]), suite: String(words[2])))
        }
        guard !entries.isEmpty else { return nil }
        self.entries = entries
    }
}
