import Crypto
package import FactoryProtocol
import Glibc
package import HTTP
import IO

/// Fetches blobs of the farm's store over HTTP: resumed where they were cut, and never put in place unless their bytes
/// are what their digest says.
package struct BlobClient: Sendable {
    /// How a file came to be there.
    package enum Fetched: Sendable, Equatable {
        /// It was there already, with the right digest.
        case kept
        /// It was fetched; so many bytes were there from an earlier, cut fetch.
        case fetched(resumedFrom: Int)
    }

    private let client: HTTPClient
    private let base: String
    /// The address as it was given.
    private let address: String
    private let fields: HTTPFields
    private let tries: Int
    /// The reason of a refusal: the whole came in one piece, and its bytes are others.
    package static let otherBytes = "digest-mismatch"
    /// The reason of a refusal: the whole is made of an earlier fetch and this one, and its bytes are others.
    package static let otherBytesResumed = "digest-mismatch-resumed"

    /// Takes the store's address: `unix:/path/http.sock`, `http://host:port` or `https://host:port`; and what the store
    /// knows a running attempt by, for who has one.
    ///
    /// A lost connection is tried again until there were so many `tries`.
    ///
    /// - Throws: `bad-endpoint`.
    package init(_ address: String, token: String? = nil, tries: Int = 5) throws(ClientError) {
        self.tries = tries
        self.address = address
        fields = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
        if address.hasPrefix("unix:"), address.contains("/") {
            client = HTTPClient(unixSocket: String(address.dropFirst(5)))
            base = "http://localhost"
        } else if address.hasPrefix("http://") || address.hasPrefix("https://") {
            client = HTTPClient()
            base = address.hasSuffix("/") ? String(address.dropLast()) : address
        } else {
            throw ClientError(
                .badEndpoint, "'\(address)' is no address of a store: unix:/path or http://host:port")
        }
    }

    /// Puts a blob at `path`: first into a hidden file beside it whose name holds the digest, which a later call goes on
    /// with, then, when the digest is right, renamed. A lost connection is tried again five times, with growing pauses.
    ///
    /// Of several programs that fetch the same file, one fetches it and the others wait for it.
    /// Of a fetch that fails only a part stays with which a later one can go on.
    /// - Throws: `rejected` when the store does not have it or sends other bytes, `local-file`, `cannot-connect`,
    ///   `connection-lost`, `timed-out`, `cancelled`.
    package func fetch(
        _ digest: Digest, size: Int64, to path: String, progress: @escaping HTTPClient.Progress = { _, _ in }
    ) async throws(ClientError) -> Fetched {
        if try await isThere(digest, size, path) { return .kept }
        let part = Self.part(of: path, digest)
        let claim = try await claimed(part)
        defer { claim.file.close() }
        var isUseless = false
        do throws(ClientError) {
            if claim.hasWaited, try await isThere(digest, size, path) {
                try await file { () throws(IOError) in try FileIO.removeFile(part) }
                return .kept
            }
            let download = try await downloaded(digest, size, part, progress, &isUseless)
            guard Digest(hash: download.hash) == digest else {
                isUseless = true
                throw ClientError(
                    .rejected,
                    "the bytes sent are \(Digest(hash: download.hash)), not \(digest); they were thrown away",
                    reason: download.resumedFrom > 0 ? Self.otherBytesResumed : Self.otherBytes)
            }
            try await file { () throws(IOError) in
                try FileIO.sync(FileIO.open(part, O_RDONLY))
                try FileIO.rename(part, to: path)
                try FileIO.syncDirectory(FileIO.parent(path))
            }
            return .fetched(resumedFrom: download.resumedFrom)
        } catch {
            await drop(part, isUseless)
            throw error
        }
    }

    /// Removes the part of a fetch that failed, unless a later one can go on with it. The lock on it is held.
    private func drop(_ part: String, _ isUseless: Bool) async {
        // The error to tell is the first one; a part that stays is taken up or thrown away by the next fetch.
        try? await file { () throws(IOError) in
            guard let status = try FileIO.status(part) else { return }
            if isUseless || status.size == 0 { try FileIO.removeFile(part) }
        }
    }

    /// Where the bytes are kept until they are whole.
    package static func part(of path: String, _ digest: Digest) -> String {
        let name = path.split(separator: "/").last ?? ""
        return "\(FileIO.parent(path))/.\(name).\(digest.short).part"
    }

    private func downloaded(
        _ digest: Digest, _ size: Int64, _ part: String, _ progress: @escaping HTTPClient.Progress,
        _ isUseless: inout Bool
    ) async throws(ClientError) -> HTTPClient.Download {
        var pause = Duration.milliseconds(250)
        for attempt in 1...max(1, tries) {
            do throws(HTTPError) {
                return try await client.download(
                    "\(base)/v1/blobs/\(digest)", to: part, fields: fields, resumeTag: digest.description,
                    limit: Int(max(0, size)), progress: progress)
            } catch {
                // The store has it no more, or it has other bytes under that name: nothing goes on from here. A right that is
                // missing may be given.
                isUseless = error.code == .mismatch || [404, 410, 416].contains(error.status?.code)
                guard attempt < tries, [.peerGone, .timedOut, .unreachable].contains(error.code) else {
                    throw ClientError(fetching: error, at: address)
                }
            }
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(pause))
            } catch {
                throw ClientError(talking: error)
            }
            pause *= 2
        }
        throw ClientError(.connectionLost, "the store cannot be reached")
    }

    /// The part file, locked; waits while another program has it.
    private func claimed(_ part: String) async throws(ClientError) -> (file: Descriptor, hasWaited: Bool) {
        var hasWaited = false
        while true {
            if let claim = try await file({ () throws(IOError) in try PartFile.claim(part) }) {
                return (claim, hasWaited)
            }
            hasWaited = true
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(.milliseconds(100)))
            } catch {
                throw ClientError(talking: error)
            }
        }
    }

    private func isThere(_ digest: Digest, _ size: Int64, _ path: String) async throws(ClientError) -> Bool {
        let there = try await file { () throws(IOError) in try FileIO.status(path) }
        if there?.kind == .directory { throw ClientError(.localFile, "\(path) is a directory") }
        guard let there, there.kind == .file, Int64(there.size) == size else { return false }
        do throws(CryptoError) {
            return Digest(hash: try await SHA256.hash(file: path)) == digest
        } catch {
            throw ClientError(error.code == .cancelled ? .cancelled : .localFile, error.message)
        }
    }

    /// Work on our own disk, on a thread of its own.
    private func file<Success: Sendable>(
        _ work: @escaping @Sendable () throws(IOError) -> Success
    ) async throws(ClientError) -> Success {
        do throws(IOError) {
            return try await OwnThread.run("blob-file", work)
        } catch {
            throw ClientError(.localFile, error.message)
        }
    }
}

extension ClientError {
    init(fetching error: HTTPError, at address: String) {
        switch error.code {
        case .cancelled: self.init(.cancelled, "cancelled")
        case .timedOut: self.init(.timedOut, error.message)
        case .unreachable: self.init(.cannotConnect, "no store answers at \(address): \(error.message)")
        case .file: self.init(.localFile, error.message)
        case .answered, .mismatch, .refused: self.init(.rejected, error.message, reason: error.fields?["Factory-Error"])
        default: self.init(.connectionLost, error.message)
        }
    }
}
