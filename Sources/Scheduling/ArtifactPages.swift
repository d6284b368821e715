import FactoryProtocol
import JSON

/// What a build made, in parts that fit into replies. A place in the list is the job and the number of its artifact.
struct ArtifactPages {
    private let all: [JobArtifact]
    private let places: [String]

    init(_ all: [JobArtifact]) {
        self.all = all
        var counts: [JobID: Int] = [:]
        places = all.map { item in
            counts[item.job, default: 0] += 1
            return "\(item.job)/\(counts[item.job, default: 0])"
        }
    }

    /// The artifacts after a place, as many as have at most `bytes`, and the place to go on from.
    ///
    /// - Throws: ``FarmError`` for a place that is not there (any more), ``JSONError``.
    func page(after place: String?, bytes: Int = FrameLimits.afterWelcome / 2) throws -> ArtifactList {
        var start = 0
        if let place {
            guard let index = places.firstIndex(of: place) else {
                throw FarmError("bad-message", "the list has no place \"\(place.prefix(200))\": begin it anew")
            }
            start = index + 1
        }
        let page = try Page(of: Array(all.dropFirst(start)), bytes: bytes)
        return ArtifactList(
            artifacts: page.items, next: page.isAll ? nil : places[start + page.items.count - 1])
    }
}
