package import IO

/// An HTTP client: libcurl, each transfer with a handle and a thread of its own.
///
/// Bodies go from file to file or are limited in memory. Cancelling the task ends a transfer within milliseconds.
/// Redirects are not followed unless asked for; only http and https are spoken.
package struct HTTPClient: Sendable {
    /// How a client connects and how slow a server may be.
    package struct Options: Sendable {
        /// Connect to this Unix socket whatever the URL's host says.
        package var unixSocket: String?
        /// Name look-up, connection and TLS together.
        package var connectTime = Duration.seconds(10)
        /// A transfer that is slower than this for `slowTime` ends with `.timedOut`.
        package var slowBytesPerSecond = 100
        /// See `slowBytesPerSecond`.
        package var slowTime = Duration.seconds(30)
        /// How many redirects are followed, for reads only.
        package var redirects = 0
        /// What is sent as User-Agent.
        package var userAgent = "factory"

        /// The values above.
        package init() {}
    }

    /// Called with the bytes done so far (a resumed part included) and all of them, if known; at most ten times a second.
    package typealias Progress = @Sendable (_ done: Int, _ total: Int?) -> Void

    /// How this client connects.
    package let options: Options

    /// A client. It holds nothing open.
    package init(_ options: Options = Options()) {
        self.options = options
    }

    /// A client for the server at a Unix socket; URLs are written as `http://localhost/…`.
    package init(unixSocket: String) {
        var options = Options()
        options.unixSocket = unixSocket
        self.options = options
    }

    /// Sends a small request and returns the answer, whatever its status.
    ///
    /// - Throws: `.mismatch` when the answer's body is over `limit` bytes; `.unreachable`, `.timedOut`, `.cancelled`,
    ///   `.peerGone`, `.transfer`.
    package func send(
        _ method: HTTPMethod, _ url: String, fields: HTTPFields = [:], body: [UInt8] = [], limit: Int = 1 << 20,
        until deadline: Deadline = .never
    ) async throws(HTTPError) -> HTTPAnswer {
        let request = Transfer.Request(url: url, method: method, fields: fields, deadline: deadline, limit: limit)
        return try await Transfer(request, options, .bytes(body)).run().answer
    }

    /// What a download left in its file.
    package struct Download: Sendable {
        /// The file's length.
        package let size: Int
        /// SHA-256 of the whole file.
        package let hash: [UInt8]
        /// The bytes that were there before and stayed.
        package let resumedFrom: Int
        /// The entity tag, without quotes; what a later resume passes as `resumeTag`.
        package let tag: String?
    }

    /// Reads a URL into the file at `path`.
    ///
    /// With a `resumeTag` the bytes that the file has are kept if the server still has that tag, and the rest is asked
    /// for; else the file is written anew. The file is not synced. After an error it keeps what arrived.
    /// - Throws: `.answered` with the status when it is not 200 or 206; `.mismatch` for another range than asked for, or
    ///   more than `limit` bytes; `.file` with its cause; and what `send` throws.
    package func download(
        _ url: String, to path: String, fields: HTTPFields = [:], resumeTag: String? = nil, limit: Int = .max,
        until deadline: Deadline = .never, progress: @escaping Progress = { _, _ in }
    ) async throws(HTTPError) -> Download {
        let request = Transfer.Request(url: url, method: .get, fields: fields, deadline: deadline, limit: limit)
        let target = Transfer.Work.download(path: path, resumeTag: resumeTag, progress: progress)
        let result = try await Transfer(request, options, target).run()
        return Download(
            size: result.position, hash: result.hash, resumedFrom: result.resumedFrom,
            tag: result.answer.fields["ETag"].map { String($0.filter { $0 != "\"" }) })
    }

    /// Sends that range of the file at `path` as the body of a request and returns the answer, whatever its status.
    ///
    /// The server decides with `100 Continue` whether the body is sent at all when it is over a megabyte.
    /// - Throws: `.file` when it cannot be read or is shorter than the range; and what `send` throws.
    package func upload(
        _ path: String, _ range: Range<Int>, to url: String, method: HTTPMethod = .put, fields: HTTPFields = [:],
        until deadline: Deadline = .never, progress: @escaping Progress = { _, _ in }
    ) async throws(HTTPError) -> HTTPAnswer {
        let request = Transfer.Request(url: url, method: method, fields: fields, deadline: deadline, limit: 1 << 20)
        return try await Transfer(request, options, .upload(path: path, range, progress: progress)).run().answer
    }
}
