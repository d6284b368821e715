import CCurl
import IO

/// The easy handle of one transfer and what its callbacks need; used on the transfer's thread only.
final class CurlSession {
    private let easy: UnsafeMutableRawPointer
    private let mover: any Mover
    private var fields: UnsafeMutablePointer<curl_slist>?
    private var received = HTTPFields()
    // Where libcurl writes a failure's details, for as long as the handle lives.
    private let words = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    private var nextProgress = Deadline.now

    init(_ easy: UnsafeMutableRawPointer, _ mover: any Mover) {
        self.easy = easy
        self.mover = mover
        words.pointee = 0
    }

    deinit { words.deallocate() }

    /// Frees what the handle pointed to; the handle must not be used afterwards.
    func end() {
        curl_slist_free_all(fields)
    }

    /// The response's head; the mover has the body.
    var answer: HTTPAnswer { HTTPAnswer(status: status, fields: received, body: []) }

    /// The status of the response that arrives now; 0 before there is one.
    private var status: Int {
        var status = 0
        curl_get_long(easy, CURLINFO_RESPONSE_CODE, &status)
        return status
    }

    /// libcurl's words for a failure, the detailed ones if it has some.
    func message(_ code: CURLcode) -> String {
        let detail = String(cString: words)
        return detail.isEmpty ? String(cString: curl_easy_strerror(code)) : detail
    }

    func configure(_ request: Transfer.Request, _ options: HTTPClient.Options) {
        curl_set_string(easy, CURLOPT_URL, request.url)
        // No signals: other threads run. Name look-ups keep their time limit by libcurl's threaded resolver.
        curl_set_long(easy, CURLOPT_NOSIGNAL, 1)
        curl_set_string(easy, CURLOPT_PROTOCOLS_STR, "http,https")
        curl_set_string(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        curl_set_string(easy, CURLOPT_USERAGENT, options.userAgent)
        curl_set_long(easy, CURLOPT_CONNECTTIMEOUT_MS, Self.milliseconds(options.connectTime))
        curl_set_long(easy, CURLOPT_LOW_SPEED_LIMIT, options.slowBytesPerSecond)
        curl_set_long(easy, CURLOPT_LOW_SPEED_TIME, max(1, Self.milliseconds(options.slowTime) / 1000))
        curl_set_long(easy, CURLOPT_BUFFERSIZE, 256 << 10)
        curl_set_long(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256 << 10)
        if let remaining = request.deadline.remaining {
            // 0 would mean no limit at all.
            curl_set_long(easy, CURLOPT_TIMEOUT_MS, max(1, Self.milliseconds(remaining)))
        }
        if let path = options.unixSocket {
            curl_set_string(easy, CURLOPT_UNIX_SOCKET_PATH, path)
            // A proxy of the environment has no part in it.
            curl_set_string(easy, CURLOPT_PROXY, "")
        }
        // This machine's own services are no business of a proxy either.
        curl_set_string(easy, CURLOPT_NOPROXY, "localhost,127.0.0.1,::1")
        if options.redirects > 0, request.method == .get || request.method == .head {
            curl_set_long(easy, CURLOPT_FOLLOWLOCATION, 1)
            curl_set_long(easy, CURLOPT_MAXREDIRS, options.redirects)
        }
        curl_set_pointer(easy, CURLOPT_ERRORBUFFER, words)
        setBody(request.method)
        for field in request.fields.list + mover.fields {
            fields = curl_slist_append(fields, "\(field.name): \(field.value)")
        }
        curl_set_list(easy, CURLOPT_HTTPHEADER, fields)
        setCallbacks()
    }

    private func setBody(_ method: HTTPMethod) {
        switch method {
        case .get: curl_set_long(easy, CURLOPT_HTTPGET, 1)
        case .head: curl_set_long(easy, CURLOPT_NOBODY, 1)
        case .put, .patch, .post, .delete:
            curl_set_long(easy, CURLOPT_UPLOAD, 1)
            curl_set_string(easy, CURLOPT_CUSTOMREQUEST, method.rawValue)
            curl_set_offset(easy, CURLOPT_INFILESIZE_LARGE, mover.bodySize)
        }
    }

    private func setCallbacks() {
        // Not retained: `Transfer.perform` keeps the session until the handle is gone.
        let me = Unmanaged.passUnretained(self).toOpaque()
        for option in [CURLOPT_READDATA, CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA] {
            curl_set_pointer(easy, option, me)
        }
        curl_set_callback(easy, CURLOPT_READFUNCTION) { bytes, size, count, context in
            let buffer = UnsafeMutableRawBufferPointer(start: bytes, count: size * count)
            return CurlSession.from(context)?.mover.fill(buffer) ?? CurlSession.abortRead
        }
        curl_set_callback(easy, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            guard let session = CurlSession.from(context) else { return 0 }
            let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
            // Anything but the count ends the transfer.
            return session.mover.take(buffer, session.answer) ? buffer.count : 0
        }
        curl_set_callback(easy, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            CurlSession.from(context)?.receive(line: String(decoding: line, as: UTF8.self))
            return line.count
        }
        curl_set_long(easy, CURLOPT_NOPROGRESS, 0)
        curl_set_progress(easy) { context, _, _, _, _ in
            guard let session = CurlSession.from(context), session.nextProgress.hasPassed else { return 0 }
            session.nextProgress = .in(.milliseconds(100))
            session.mover.reportProgress()
            return 0
        }
    }

    /// CURL_READFUNC_ABORT, a macro that is not imported.
    static let abortRead = 0x1000_0000

    private static func from(_ context: UnsafeMutableRawPointer?) -> CurlSession? {
        context.map { Unmanaged<CurlSession>.fromOpaque($0).takeUnretainedValue() }
    }

    private func receive(line: String) {
        if line.hasPrefix("HTTP/") {
            // A new response begins, after a redirect or 100 Continue: the fields of the one before are void.
            received = HTTPFields()
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            received.append(String(line[..<colon]), String(value.prefix { !$0.isNewline }))
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int {
        let (seconds, attoseconds) = duration.components
        return Int(min(seconds, 1_000_000_000)) * 1000 + Int(attoseconds / 1_000_000_000_000_000)
    }
}
