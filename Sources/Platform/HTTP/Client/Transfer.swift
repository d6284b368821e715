import CCurl
import Crypto
import Glibc
import IO
import Synchronization

/// One transfer of libcurl, from its set-up to its result, on a thread of its own.
///
/// A multi handle with one easy handle in it, because only a multi handle can be woken for cancellation.
final class Transfer: Sendable {
    struct Request: Sendable {
        let url: String
        let method: HTTPMethod
        let fields: HTTPFields
        let deadline: Deadline
        let limit: Int
    }

    enum Work: Sendable {
        case bytes([UInt8])
        case download(path: String, resumeTag: String?, progress: HTTPClient.Progress)
        case upload(path: String, Range<Int>, progress: HTTPClient.Progress)
    }

    struct Result: Sendable {
        var answer: HTTPAnswer
        var position: Int
        var hash: [UInt8]
        var resumedFrom: Int
    }

    /// The handle that cancellation wakes, and whether that has happened.
    private struct Wakeable {
        var isCancelled = false
        var multi: OpaquePointer?
    }

    private let request: Request
    private let options: HTTPClient.Options
    private let work: Work
    private let wakeable = Locked(Wakeable())
    // curl_global_init(3) is safe from several threads since 7.84, and cheap when repeated; once is clearer.
    private static let library = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

    init(_ request: Request, _ options: HTTPClient.Options, _ work: Work) {
        self.request = request
        self.options = options
        self.work = work
    }

    /// Runs the transfer to its end.
    func run() async throws(HTTPError) -> Result {
        let result = await withTaskCancellationHandler {
            await OwnThread.run("transfer") { () -> Swift.Result<Result, HTTPError> in
                do throws(HTTPError) {
                    return .success(try self.perform())
                } catch {
                    return .failure(error)
                }
            }
        } onCancel: {
            wakeable.withLock { state in
                state.isCancelled = true
                // Under the lock that cleaning up takes, so that no freed handle is woken.
                if let multi = state.multi { curl_multi_wakeup(UnsafeMutableRawPointer(multi)) }
            }
        }
        return try result.get()
    }

    private func perform() throws(HTTPError) -> Result {
        guard Self.library == CURLE_OK, let easy = curl_easy_init(), let multi = curl_multi_init() else {
            throw HTTPError(.transfer, "libcurl could not be started")
        }
        defer {
            curl_easy_cleanup(easy)
            curl_multi_cleanup(multi)
        }
        let mover: any Mover =
            switch work {
            case .bytes(let bytes): MemoryMover(bytes, limit: request.limit)
            case .download(let path, let tag, let progress):
                try DownloadMover(path, resumeTag: tag, limit: request.limit, progress)
            case .upload(let path, let range, let progress): try UploadMover(path, range, progress)
            }
        let session = CurlSession(easy, mover)
        defer { session.end() }
        session.configure(request, options)
        wakeable.withLock { $0.multi = OpaquePointer(multi) }
        defer { wakeable.withLock { $0.multi = nil } }
        try Self.check(curl_multi_add_handle(multi, easy), request)
        defer { curl_multi_remove_handle(multi, easy) }
        var running: Int32 = 1
        while running > 0 {
            if wakeable.withLock({ $0.isCancelled }) {
                throw HTTPError(.cancelled, "the transfer of \(request.url) was cancelled")
            }
            try Self.check(curl_multi_perform(multi, &running), request)
            if running > 0 { try Self.check(curl_multi_poll(multi, nil, 0, 1000, nil), request) }
        }
        var left: Int32 = 0
        guard let code = curl_multi_info_read(multi, &left)?.pointee.data.result else {
            throw HTTPError(.transfer, "\(request.method.rawValue) \(request.url): libcurl ended without a result")
        }
        let answer = session.answer
        // What went wrong on our side is the cause, not curl's word for the callback that gave up.
        if let error = mover.failure { throw error }
        guard code == CURLE_OK else {
            throw Self.error(code, "\(request.method.rawValue) \(request.url): \(session.message(code))")
        }
        return try mover.finish(answer, request.url)
    }

    private static func check(_ code: CURLMcode, _ request: Request) throws(HTTPError) {
        guard code != CURLM_OK else { return }
        let words = String(cString: curl_multi_strerror(code))
        throw HTTPError(.transfer, "\(request.method.rawValue) \(request.url): libcurl: \(words)")
    }

    private static func error(_ code: CURLcode, _ message: String) -> HTTPError {
        let kind: HTTPError.Code =
            switch code {
            case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT: .unreachable
            case CURLE_OPERATION_TIMEDOUT: .timedOut
            case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING: .peerGone
            default: .transfer
            }
        return HTTPError(kind, message)
    }
}
