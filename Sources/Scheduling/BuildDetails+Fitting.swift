import FactoryProtocol
import JSON

extension BuildDetails {
    /// What a text of a job may have where all of them together are too long, in characters.
    private static let mostText = 1000

    /// The same in a form that one frame holds: without what the verdict repeats, with shorter reasons, and with as many
    /// artifacts as there is room for.
    func fitting() throws -> BuildDetails {
        // The type and the number of the request stand beside the message.
        let most = FrameLimits.afterWelcome - 1024
        guard try CanonicalJSON.encode(self).count > most else { return self }
        var part = self
        part.artifacts = []
        part.verdict?.artifacts = []
        if try CanonicalJSON.encode(part).count > most / 2 {
            part.verdict?.message = String((verdict?.message ?? "").prefix(Self.mostText))
            for index in part.jobs.indices {
                part.jobs[index].reason = part.jobs[index].reason.map { String($0.prefix(Self.mostText)) }
            }
        }
        let room = most - (try CanonicalJSON.encode(part).count)
        let page = try ArtifactPages(artifacts).page(after: nil, bytes: max(0, room - 512))
        part.artifacts = page.artifacts
        part.nextArtifacts = page.next
        return part
    }
}
