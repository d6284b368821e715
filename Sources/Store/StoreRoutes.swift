package import FactoryProtocol
package import HTTP
import IO

/// The store over HTTP.
///
/// | request | answer |
/// |---|---|
/// | `GET /v1/blobs/<digest>` | 200, 206, 304, 416; the entity tag is the digest; 403 for who may not read; 500 for a damaged one |
/// | `HEAD`, with a token | 200, or 404; `Upload-Offset` tells how much of it is here |
/// | `PUT` with a token and a body | 201 when it is whole, 202 when more is to come; both with `Upload-Offset` |
/// | `PUT` with a token and `Factory-Moved: <file>` | 201: taken from the attempt's folder on the same host |
///
/// A body is the whole blob, or with `Content-Range: bytes first-last/total` a part that begins where the upload ends;
/// an empty body with `bytes */total` asks for the blob of an upload whose every byte is here.
/// Refusals carry the store's word in `Factory-Error`, and `Upload-Offset` when a part begins in the wrong place (409).
package struct StoreRoutes: Sendable {
    private let store: BlobStore
    private let largest: Int64
    private let mayRead: @Sendable (HTTPRequest) async throws -> Bool
    private let sizeOf: @Sendable (Digest) async throws -> Int64?
    private let attemptOf: @Sendable (_ token: String) async throws -> String?

    /// Routes for a store.
    ///
    /// `largest` is the most bytes that a blob may have; `mayRead` says who reads without a token, everybody unless told
    /// otherwise; `sizeOf` says how long a blob should be, where it is known; `attemptOf` gives the name of the running attempt that a bearer token belongs to, and nothing once it
    /// has ended.
    package init(
        _ store: BlobStore, largest: Int64 = 64 << 30,
        mayRead: @escaping @Sendable (HTTPRequest) async throws -> Bool = { _ in true },
        sizeOf: @escaping @Sendable (Digest) async throws -> Int64? = { _ in nil },
        attemptOf: @escaping @Sendable (_ token: String) async throws -> String?
    ) {
        self.store = store
        self.largest = largest
        self.mayRead = mayRead
        self.sizeOf = sizeOf
        self.attemptOf = attemptOf
    }

    /// Adds the routes.
    package func mount(on router: inout HTTPRouter) {
        router.on(.get, "/v1/blobs/{digest}") { try await answered($0, read) }
        router.on(.put, "/v1/blobs/{digest}", bodyLimit: Int(largest)) { try await answered($0, write) }
    }

    private func read(_ digest: Digest, _ request: HTTPRequest) async throws -> HTTPResponse {
        if try await !mayRead(request), try await !hasToken(request) {
            throw HTTPError(.forbidden, "you may not read artifacts here")
        }
        // Whoever delivers relies on the answer: what is here is hashed for it.
        var delivers = false
        if request.method == .head, request.bearerToken != nil {
            delivers = try await hasToken(request)
            if !delivers { delivers = try await store.askSize(of: digest) == nil }
        }
        if delivers {
            let here = try await store.received(try Upload(attempt: try await attempt(of: request), digest: digest))
            // It may just have become a blob.
            guard try await store.askSize(of: digest) != nil else {
                return HTTPResponse(.notFound, fields: ["Upload-Offset": String(here)])
            }
        } else if let size = try await store.askSize(of: digest), let known = try await sizeOf(digest), size != known {
            // Its bytes tell whether it is damaged, or the record wrong.
            try await store.verify(digest)
        }
        let (file, size) = try await store.openForReading(digest)
        var response = HTTPResponse.file(file, size: Int(size), etag: digest.description, for: request)
        // What a digest names never changes.
        response.fields.append("Cache-Control", "public, max-age=31536000, immutable")
        if request.method == .head { response.fields.append("Upload-Offset", String(size)) }
        return response
    }

    private func write(_ digest: Digest, _ request: HTTPRequest) async throws -> HTTPResponse {
        let upload = try Upload(attempt: try await attempt(of: request), digest: digest)
        if let file = request.fields["Factory-Moved"] {
            guard request.body.length == 0 else {
                throw HTTPError(.badRequest, "Factory-Moved says where the bytes are, so no body may come")
            }
            try await store.take(file: file, as: upload)
            return HTTPResponse(.created)
        }
        let (start, total) = try extent(request)
        let body = request.body
        do {
            let end = try await store.receive(upload, from: start, total: total) { try await body.next() ?? [] }
            return HTTPResponse(end == total ? .created : .accepted, fields: ["Upload-Offset": String(end)])
        } catch let error as StoreError where error.code == .badRange {
            var response = Self.refusal(error)
            response.fields.append("Upload-Offset", String(try await store.received(upload)))
            return response
        }
    }

    /// Where the body belongs: the place of its first byte, and the length of the whole.
    private func extent(_ request: HTTPRequest) throws(HTTPError) -> (start: Int64, total: Int64) {
        guard let length = request.body.length else {
            throw HTTPError(.lengthRequired, "an upload needs a Content-Length")
        }
        var (start, total) = (Int64(0), Int64(length))
        if let text = request.fields["Content-Range"] {
            // No part: every byte is here already, and what is missing is the blob (a crash between the two).
            guard let range = ContentRange(text), let size = range.size, range.part?.count ?? 0 == length else {
                throw HTTPError(
                    .badRequest, "Content-Range \"\(text)\" is not bytes first-last/total with a body of that length")
            }
            (start, total) = (Int64(range.part?.lowerBound ?? size), Int64(size))
        }
        guard total <= largest else {
            throw HTTPError(.contentTooLarge, "a blob may have \(largest) bytes, not \(total)")
        }
        return (start, total)
    }

    private func hasToken(_ request: HTTPRequest) async throws -> Bool {
        guard let token = request.bearerToken else { return false }
        return try await attemptOf(token) != nil
    }

    private func attempt(of request: HTTPRequest) async throws -> String {
        guard let token = request.bearerToken, let attempt = try await attemptOf(token) else {
            throw HTTPError(.unauthorized, "an upload needs the token of a running attempt")
        }
        return attempt
    }

    private func answered(
        _ request: HTTPRequest, _ work: (Digest, HTTPRequest) async throws -> HTTPResponse
    ) async throws -> HTTPResponse {
        let text = request.parameters["digest"] ?? ""
        guard let digest = Digest(text) else {
            throw HTTPError(.badRequest, "\"\(text)\" is no digest: sha256: and 64 hexadecimal digits")
        }
        do {
            return try await work(digest, request)
        } catch let error as StoreError where error.code != .io {
            return Self.refusal(error)
        }
    }

    private static func refusal(_ error: StoreError) -> HTTPResponse {
        let status: HTTPStatus =
            switch error.code {
            case .notFound: .notFound
            case .digestMismatch: .unprocessable
            case .badRange, .busy: .conflict
            case .diskFull: .insufficientStorage
            case .roomTaken: .unavailable
            case .badName: .badRequest
            case .attemptEnded: .unauthorized
            default: .internalError
            }
        var response = HTTPResponse.text(error.message, status: status)
        response.fields.append("Factory-Error", error.code.rawValue)
        if error.code == .roomTaken { response.fields.append("Retry-After", "5") }
        return response
    }
}
