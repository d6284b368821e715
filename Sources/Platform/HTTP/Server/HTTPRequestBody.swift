/// The body of a request, read piece by piece: the peer sends as fast as it is asked for, no faster.
package struct HTTPRequestBody: Sendable {
    private let reader: RequestReader
    private let limit: Int

    init(_ reader: RequestReader, limit: Int) {
        self.reader = reader
        self.limit = limit
    }

    /// The length that the head announces; nil when it is chunked.
    package var length: Int? { reader.announcedLength }

    /// The same body under another limit, in bytes.
    package func limited(to limit: Int) -> HTTPRequestBody {
        HTTPRequestBody(reader, limit: limit)
    }

    /// The next piece, never empty; nil at the end.
    ///
    /// The first call sends `100 Continue` to a client that waits for it.
    /// - Throws: `.refused` with 413 over the limit, with 408 when the peer is too slow, with 400 for bad chunks;
    ///   `.peerGone`, `.cancelled`.
    package func next() async throws(HTTPError) -> [UInt8]? {
        try await reader.nextBody(limit: limit)
    }

    /// All of it, in memory.
    package func collect() async throws(HTTPError) -> [UInt8] {
        guard var all = try await next() else { return [] }
        while let part = try await next() { all += part }
        return all
    }
}
