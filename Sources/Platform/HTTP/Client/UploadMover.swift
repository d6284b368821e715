import Glibc
import IO

/// From a file to a server.
final class UploadMover: Mover {
    private let path: String
    private let file: Descriptor
    private let range: Range<Int>
    private let progress: HTTPClient.Progress
    private var position: Int
    private var body = LimitedBody(limit: 1 << 20)
    private(set) var failure: HTTPError?

    init(_ path: String, _ range: Range<Int>, _ progress: @escaping HTTPClient.Progress) throws(HTTPError) {
        self.path = path
        self.range = range
        self.progress = progress
        position = range.lowerBound
        do throws(IOError) {
            file = try FileIO.open(path, O_RDONLY)
        } catch {
            throw HTTPError(.file, error.message, cause: error)
        }
    }

    var fields: [HTTPFields.Field] { [] }
    var bodySize: Int { range.count }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        do throws(IOError) {
            let bytes = try FileIO.read(file, at: position, upTo: min(buffer.count, range.upperBound - position))
            guard !bytes.isEmpty || position == range.upperBound else {
                throw IOError(.wrongKind, "\(path) ends at byte \(position), before the promised \(range.upperBound)")
            }
            buffer.copyBytes(from: bytes)
            position += bytes.count
            return bytes.count
        } catch {
            failure = HTTPError(.file, error.message, cause: error)
            return CurlSession.abortRead
        }
    }

    func take(_ bytes: UnsafeRawBufferPointer, _ answer: HTTPAnswer) -> Bool {
        failure = body.append(bytes)
        return failure == nil
    }

    func reportProgress() {
        progress(position, range.upperBound)
    }

    func finish(_ answer: HTTPAnswer, _ url: String) -> Transfer.Result {
        reportProgress()
        var answer = answer
        answer.body = body.bytes
        return Transfer.Result(answer: answer, position: position, hash: [], resumedFrom: 0)
    }
}
