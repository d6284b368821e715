package import FactoryProtocol
package import FactoryQueue

/// What scheduling needs of the artifact store; the daemon wires it to the real one.
package struct StoreAccess: Sendable {
    /// Where a blob's file is, for workers on the same host.
    package var path: @Sendable (Digest) -> String?
    /// Makes the directory from which an attempt's results are taken over by a rename; nil when there can be none.
    package var openIncoming: @Sendable (_ attempt: String) -> String?
    /// Removes what an attempt left there.
    package var closeIncoming: @Sendable (_ attempt: String) -> Void
    /// Bytes that are kept free on the disk of those directories; nil when nobody can tell.
    package var reserve: @Sendable () -> Int64?
    /// What the artifacts take and what the disk has left, in bytes.
    package var usage: @Sendable () async -> (store: Int64, free: Int64)
    /// Why the store takes no artifact now, because there is no room for it; nil when it does.
    package var shortage: @Sendable () async -> String?
    /// Hashes a blob that is said to be damaged; one that is does not count as stored any more.
    package var verify: @Sendable (Digest) async -> Void
    /// Removes blobs that are nobody's artifact by now.
    package var removeUnused: @Sendable (JobStore) async -> Void
    /// Where workers on this host put results: `unix:/path/http.sock`.
    package var url: String
    /// Where the others put them: `http://host:port`; nil where no others are taken.
    package var remoteURL: String?

    /// Access by its parts.
    package init(
        path: @escaping @Sendable (Digest) -> String?,
        openIncoming: @escaping @Sendable (_ attempt: String) -> String?,
        closeIncoming: @escaping @Sendable (_ attempt: String) -> Void,
        reserve: @escaping @Sendable () -> Int64? = { nil },
        usage: @escaping @Sendable () async -> (store: Int64, free: Int64),
        shortage: @escaping @Sendable () async -> String? = { nil },
        verify: @escaping @Sendable (Digest) async -> Void = { _ in },
        removeUnused: @escaping @Sendable (JobStore) async -> Void = { _ in }, url: String,
        remoteURL: String? = nil
    ) {
        (self.path, self.openIncoming) = (path, openIncoming)
        (self.closeIncoming, self.usage, self.url) = (closeIncoming, usage, url)
        self.reserve = reserve
        (self.shortage, self.removeUnused, self.remoteURL) = (shortage, removeUnused, remoteURL)
        self.verify = verify
    }

    /// The name of an attempt in the store: unique for ever, and safe as a file name.
    package static func name(of claim: Claim) -> String { "\(claim.job.rawValue).\(claim.fence.rawValue)" }
}
