/// Where the bytes of a transfer come from and go to; used on the transfer's thread only.
protocol Mover: AnyObject {
    /// Fields that the work needs: a range, a condition.
    var fields: [HTTPFields.Field] { get }
    /// The bytes of the request's body.
    var bodySize: Int { get }
    /// Why a callback gave up; the transfer's error then.
    var failure: HTTPError? { get }
    /// Puts the next bytes of the request's body into the buffer; 0 at its end.
    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int
    /// Takes bytes of the response's body; false ends the transfer.
    func take(_ bytes: UnsafeRawBufferPointer, _ answer: HTTPAnswer) -> Bool
    /// Tells how far it is.
    func reportProgress()
    /// The result, when the response is whole.
    func finish(_ answer: HTTPAnswer, _ url: String) throws(HTTPError) -> Transfer.Result
}

/// A response's body in memory, up to a limit.
struct LimitedBody {
    private(set) var bytes: [UInt8] = []
    let limit: Int

    /// Nil when it fits.
    mutating func append(_ more: UnsafeRawBufferPointer) -> HTTPError? {
        guard more.count <= limit - bytes.count else {
            return HTTPError(.mismatch, "the answer has more than \(limit) bytes")
        }
        bytes += more
        return nil
    }
}

/// From memory to memory.
final class MemoryMover: Mover {
    private let content: [UInt8]
    private var position = 0
    private var body: LimitedBody
    private(set) var failure: HTTPError?
    let fields: [HTTPFields.Field]

    init(_ content: [UInt8], limit: Int) {
        self.content = content
        body = LimitedBody(limit: limit)
        // So small a body needs no permission.
        fields = [HTTPFields.Field(name: "Expect", value: "")]
    }

    var bodySize: Int { content.count }

    func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = content[position..<min(content.count, position + buffer.count)]
        buffer.copyBytes(from: part)
        position += part.count
        return part.count
    }

    func take(_ bytes: UnsafeRawBufferPointer, _ answer: HTTPAnswer) -> Bool {
        failure = body.append(bytes)
        return failure == nil
    }

    func reportProgress() {}

    func finish(_ answer: HTTPAnswer, _ url: String) -> Transfer.Result {
        var answer = answer
        answer.body = body.bytes
        return Transfer.Result(answer: answer, position: 0, hash: [], resumedFrom: 0)
    }
}
