import Crypto
package import FactoryProtocol
package import FactorySpec
package import JSON

/// What identifies a job's result: the work, the inputs by content, the revision of our code.
package enum CacheKey {
    private struct Input: Codable {
        let role: String
        let name: String
        let digest: Digest
    }

    private struct Content: Codable {
        let work: JobWork
        let revision: Int
        let sourceDateEpoch: Int64?
        let inputs: [Input]
    }

    /// `sha256:` and 64 hexadecimal digits of the canonical JSON of all that goes in.
    package static func of(
        _ work: JobWork, inputs: [Artifact], sourceDateEpoch: Int64?
    ) throws(JSONError) -> String {
        let inputs =
            inputs
            .map { Input(role: $0.role.rawValue, name: $0.name, digest: $0.digest) }
            .sorted { ($0.digest, $0.role, $0.name) < ($1.digest, $1.role, $1.name) }
        let content = Content(
            work: work, revision: work.revision, sourceDateEpoch: sourceDateEpoch, inputs: inputs)
        return "sha256:" + SHA256.hex(of: try CanonicalJSON.encode(content))
    }
}
