import FactoryProtocol
import HTTP
import IO

/// The store as an assignment names it.
struct StoreAddress: Sendable {
    let client: HTTPClient
    let authorization: HTTPFields
    private let base: String

    /// Reads `unix:/path/http.sock` or `http://host:port`.
    init(_ upload: Upload) throws(DeliveryError) {
        authorization = ["Authorization": "Bearer \(upload.token)"]
        if upload.url.hasPrefix("unix:") {
            client = HTTPClient(unixSocket: String(upload.url.dropFirst(5)))
            base = "http://localhost"
        } else if upload.url.hasPrefix("http://") || upload.url.hasPrefix("https://") {
            client = HTTPClient()
            base = upload.url.hasSuffix("/") ? String(upload.url.dropLast()) : upload.url
        } else {
            throw DeliveryError(message: "'\(upload.url)' is no address of a store: unix:/path or http://host:port")
        }
    }

    func url(_ digest: Digest) -> String { "\(base)/v1/blobs/\(digest)" }

    /// Asks what the store has of a blob: success when it is stored, 404 with how much of this attempt's upload is here.
    /// An upload whose every byte is here is published before the answer.
    func ask(_ digest: Digest) async throws(DeliveryError) -> StoreAnswer {
        try await answer { () async throws(HTTPError) in
            // Publishing hashes and syncs, which takes seconds for an image.
            try await client.send(.head, url(digest), fields: authorization, until: .in(.seconds(600)))
        }
    }

    /// Puts a blob without a body: the fields say where it is.
    func put(_ digest: Digest, fields: HTTPFields) async throws(DeliveryError) -> StoreAnswer {
        var all = authorization
        for field in fields.list { all.set(field.name, field.value) }
        return try await answer { [all] () async throws(HTTPError) in
            try await client.send(.put, url(digest), fields: all, until: .in(.seconds(600)))
        }
    }

    /// Puts the rest of a file.
    func put(
        _ digest: Digest, _ path: String, from start: Int64, of size: Int64
    ) async throws(DeliveryError) -> StoreAnswer {
        guard size >= 0, (0...size).contains(start) else {
            throw DeliveryError(message: "\(digest) cannot be sent from byte \(start) on: it has \(size) bytes")
        }
        var fields = authorization
        // RFC 9110, 14.4: a range with a first byte, or none when every byte has arrived and only the blob is missing.
        fields.set("Content-Range", start < size ? "bytes \(start)-\(size - 1)/\(size)" : "bytes */\(size)")
        return try await answer { [fields] () async throws(HTTPError) in
            try await client.upload(path, Int(start)..<Int(size), to: url(digest), fields: fields)
        }
    }

    private func answer(
        _ request: () async throws(HTTPError) -> HTTPAnswer
    ) async throws(DeliveryError) -> StoreAnswer {
        do throws(HTTPError) {
            return StoreAnswer(try await request())
        } catch {
            throw DeliveryError(message: error.message)
        }
    }
}

/// What the store answered.
struct StoreAnswer: Sendable {
    let status: Int
    let text: String
    /// How much of the upload it has, where it says so.
    let offset: Int64?
    /// Its own word for a refusal.
    let word: String?

    init(_ answer: HTTPAnswer) {
        status = answer.status
        text = answer.text
        offset = answer.fields["Upload-Offset"].flatMap { Int64($0) }
        word = answer.fields["Factory-Error"]
    }

    var isSuccess: Bool { (200...299).contains(status) }
}
