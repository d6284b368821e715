import Crypto
import Glibc
import IO

/// From a server to a file, hashing on the way; takes up what an earlier transfer left.
final class DownloadMover: Mover {
    private let path: String
    private let file: Descriptor
    private let resumeTag: String?
    private let limit: Int
    private let progress: HTTPClient.Progress
    private var resumedFrom: Int
    private var position: Int
    private var total: Int?
    private var hash = SHA256()
    private var hasBegun = false
    private var refusal = LimitedBody(limit: 64 << 10)
    private(set) var failure: HTTPError?

    init(
        _ path: String, resumeTag: String?, limit: Int, _ progress: @escaping HTTPClient.Progress
    ) throws(HTTPError) {
        self.path = path
        self.resumeTag = resumeTag
        self.limit = limit
        self.progress = progress
        (resumedFrom, position) = (0, 0)
        do throws(IOError) {
            file = try FileIO.open(path, O_RDWR | O_CREAT)
            if resumeTag != nil { try takeUp() }
        } catch {
            throw HTTPError(.file, error.message, cause: error)
        }
    }

    var fields: [HTTPFields.Field] {
        guard let resumeTag, resumedFrom > 0 else { return [] }
        return [
            HTTPFields.Field(name: "Range", value: "bytes=\(resumedFrom)-"),
            HTTPFields.Field(name: "If-Range", value: EntityTag.quoted(resumeTag)),
        ]
    }

    var bodySize: Int { 0 }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }

    func take(_ bytes: UnsafeRawBufferPointer, _ answer: HTTPAnswer) -> Bool {
        guard answer.status == 200 || answer.status == 206 else {
            // The words of an error; too many of them are cut.
            _ = refusal.append(UnsafeRawBufferPointer(rebasing: bytes.prefix(refusal.limit - refusal.bytes.count)))
            return true
        }
        do throws(HTTPError) {
            try begin(answer)
            guard bytes.count <= limit - position else {
                throw HTTPError(.mismatch, "the answer has more than \(limit) bytes")
            }
            try write(bytes)
            return true
        } catch {
            failure = error
            return false
        }
    }

    func reportProgress() {
        if hasBegun { progress(position, total) }
    }

    func finish(_ answer: HTTPAnswer, _ url: String) throws(HTTPError) -> Transfer.Result {
        switch answer.status {
        // Nothing is missing: all that the server has is here.
        case 416 where resumedFrom > 0 && Self.size(answer) == resumedFrom: hasBegun = true
        case 200, 206: try begin(answer)
        default:
            let words = String(decoding: refusal.bytes, as: UTF8.self).prefix { !$0.isNewline }
            throw HTTPError(
                .answered, "GET \(url) was answered with \(answer.status) \(words)",
                status: HTTPStatus(answer.status, ""), fields: answer.fields)
        }
        reportProgress()
        return Transfer.Result(answer: answer, position: position, hash: hash.copy().finish(), resumedFrom: resumedFrom)
    }

    /// Once, when the response's head is known: does it go on where the file ends, or begin anew?
    private func begin(_ answer: HTTPAnswer) throws(HTTPError) {
        guard !hasBegun else { return }
        hasBegun = true
        let length = answer.fields["Content-Length"].flatMap { Int($0) }
        if answer.status == 206 {
            let range = answer.fields["Content-Range"].flatMap { ContentRange($0) }
            guard resumedFrom > 0, range?.part?.lowerBound == resumedFrom else {
                throw HTTPError(
                    .mismatch, "asked for the bytes from \(resumedFrom), got \(range?.description ?? "others")")
            }
            total = range?.size
            return
        }
        (resumedFrom, position, total) = (0, 0, length)
        hash = SHA256()
        guard ftruncate(file.rawValue, 0) == 0 else { throw fileError(IOError(system: errno, "ftruncate", path)) }
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(HTTPError) {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                file.rawValue, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(position + done))
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw fileError(IOError(system: errno, "write", path))
            }
        }
        hash.update(bytes)
        position += bytes.count
    }

    /// Hashes what is there.
    private func takeUp() throws(IOError) {
        while true {
            let bytes = try FileIO.read(file, at: position, upTo: 256 << 10)
            if bytes.isEmpty { break }
            hash.update(bytes)
            position += bytes.count
        }
        resumedFrom = position
    }

    private func fileError(_ error: IOError) -> HTTPError {
        HTTPError(.file, error.message, cause: error)
    }

    private static func size(_ answer: HTTPAnswer) -> Int? {
        answer.fields["Content-Range"].flatMap { ContentRange($0) }?.size
    }
}
