/// The head of a request, after the parser has accepted it.
package struct RequestHead: Sendable, Hashable {
    /// The method.
    package let method: HTTPMethod
    /// The path and the query as they were sent, from the first slash on; nothing is decoded yet.
    package let target: String
    /// Whether it is HTTP/1.1; else HTTP/1.0, which gets no chunks and no second request.
    package let isVersion11: Bool
    /// All fields.
    package let fields: HTTPFields
    /// How the body ends.
    let framing: Framing
    /// Whether the client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool
    /// Whether the client wants the connection closed after the answer.
    let wantsClose: Bool

    enum Framing: Sendable, Hashable {
        case length(Int)
        case chunked
    }
}

/// HTTP/1.1 requests from bytes (RFC 9112), strictly: what could be read in two ways is refused.
///
/// A pure machine: bytes go in by `feed`, events come out of `next`, `nextRequest` allows the next head. Differences to
/// what the RFC lets a server forgive, all of them against request smuggling: no bare LF and no bare CR anywhere, no
/// folded lines, no empty line before a request, exactly one Host, one Content-Length of digits or one
/// `Transfer-Encoding: chunked` and never both, an absolute target must name the Host.
struct RequestParser {
    /// What a head may measure.
    struct Limits: Sendable, Hashable {
        /// The whole head.
        var headBytes = 32 << 10
        /// The target in the first line.
        var targetBytes = 8 << 10
        /// The field lines.
        var fieldCount = 100
    }

    enum Event: Sendable, Hashable {
        case head(RequestHead)
        case body([UInt8])
        case end
    }

    private enum State {
        case head
        case length(Int)
        case chunkSize
        case chunkData(Int)
        case chunkEnd
        case trailers(bytes: Int)
        case finished
        case refused(HTTPError)
    }

    private let limits: Limits
    private var state = State.head
    // Not yet used bytes are those from `start` on.
    private var buffer: [UInt8] = []
    private var start = 0
    // While a head arrives: the next byte to look at, and the lines found so far, both in `buffer`.
    private var scan = 0
    private var lines: [Range<Int>] = []

    private static let chunkLineBytes = 256
    private static let trailerBytes = 8 << 10
    private static let cr = UInt8(ascii: "\r")
    private static let lf = UInt8(ascii: "\n")

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether not one byte of a further request is there.
    var isBetweenRequests: Bool {
        if case .head = state { start == buffer.count } else { false }
    }

    /// The bytes of the body that are still to come; nil when they are not known.
    var missingBodyBytes: Int? {
        switch state {
        case .finished: 0
        case .length(let count): count
        case .head, .chunkSize, .chunkData, .chunkEnd, .trailers, .refused: nil
        }
    }

    /// Whether bytes are there that `next` has not used.
    var hasUnusedBytes: Bool { start < buffer.count }

    /// Takes bytes that arrived.
    mutating func feed(_ bytes: [UInt8]) {
        if start == buffer.count {
            buffer = bytes
        } else {
            buffer.removeFirst(start)
            buffer += bytes
        }
        scan -= min(scan, start)
        lines = lines.map { $0.lowerBound - start..<$0.upperBound - start }
        start = 0
    }

    /// The next event; nil when more bytes are needed or the request is finished.
    ///
    /// - Throws: the refusal with its status; every later call throws it again.
    mutating func next() throws(HTTPError) -> Event? {
        do throws(HTTPError) {
            while true {
                switch state {
                case .head: return try nextHead().map { .head($0) }
                case .length(0): return finish()
                case .length(let left):
                    guard let bytes = take(atMost: left) else { return nil }
                    state = .length(left - bytes.count)
                    return .body(bytes)
                case .chunkSize:
                    guard let line = try nextLine(limit: Self.chunkLineBytes) else { return nil }
                    let size = try Self.chunkSize(line)
                    state = size == 0 ? .trailers(bytes: 0) : .chunkData(size)
                case .chunkData(0): state = .chunkEnd
                case .chunkData(let left):
                    guard let bytes = take(atMost: left) else { return nil }
                    state = .chunkData(left - bytes.count)
                    return .body(bytes)
                case .chunkEnd:
                    guard let line = try nextLine(limit: 2) else { return nil }
                    guard line.isEmpty else { throw Self.bad("a chunk is longer than its size says") }
                    state = .chunkSize
                case .trailers(let bytes):
                    guard let line = try nextLine(limit: Self.trailerBytes - bytes) else { return nil }
                    if line.isEmpty { return finish() }
                    // Checked like any field and then dropped: nothing in a trailer may change what came before.
                    _ = try Self.field(line)
                    state = .trailers(bytes: bytes + line.count + 2)
                case .finished: return nil
                case .refused(let error): throw error
                }
            }
        } catch {
            state = .refused(error)
            throw error
        }
    }

    /// Allows the next head, after the answer to this request.
    mutating func nextRequest() {
        guard case .finished = state else { return }
        state = .head
        scan = start
        lines = []
    }

    private mutating func finish() -> Event {
        state = .finished
        return .end
    }

    private mutating func take(atMost count: Int) -> [UInt8]? {
        let available = min(count, buffer.count - start)
        guard available > 0 else { return nil }
        if start == 0, available == buffer.count {
            // The whole buffer, without a copy: this is how bodies pass.
            defer { buffer = [] }
            return buffer
        }
        defer { start += available }
        return Array(buffer[start..<start + available])
    }

    // MARK: Lines

    /// The next line without its CRLF; nil when it is not whole yet.
    private mutating func nextLine(limit: Int) throws(HTTPError) -> ArraySlice<UInt8>? {
        var at = start
        while at < buffer.count {
            if buffer[at] == Self.cr {
                guard at + 1 < buffer.count else { break }
                guard buffer[at + 1] == Self.lf else { throw Self.bad("a CR without LF in the body's framing") }
                defer { start = at + 2 }
                return buffer[start..<at]
            }
            guard Self.isText(buffer[at]) else { throw Self.bad("a control character in the body's framing") }
            at += 1
            guard at - start <= limit else { throw Self.bad("a line of the body's framing is over \(limit) bytes") }
        }
        return nil
    }

    /// Looks at each byte once, as it comes, so that a bare LF is refused at once and not at the deadline.
    private mutating func nextHead() throws(HTTPError) -> RequestHead? {
        while scan < buffer.count {
            let byte = buffer[scan]
            if byte == Self.cr {
                guard scan + 1 < buffer.count else { break }
                guard buffer[scan + 1] == Self.lf else { throw Self.bad("a CR without LF in the head") }
                let line = (lines.last.map { $0.upperBound + 2 } ?? start)..<scan
                scan += 2
                if line.isEmpty {
                    guard !lines.isEmpty else { throw Self.bad("an empty line before the request") }
                    return try endOfHead()
                }
                guard lines.count <= limits.fieldCount else {
                    throw HTTPError(.headTooLarge, "the head has more than \(limits.fieldCount) fields")
                }
                lines.append(line)
            } else {
                guard Self.isText(byte) else { throw Self.bad("a control character or a bare LF in the head") }
                scan += 1
            }
            if lines.isEmpty, scan - start > limits.targetBytes + 32 {
                throw HTTPError(.uriTooLong, "the request line is over \(limits.targetBytes) bytes")
            }
            if scan - start > limits.headBytes {
                throw HTTPError(.headTooLarge, "the head is over \(limits.headBytes) bytes")
            }
        }
        return nil
    }

    private mutating func endOfHead() throws(HTTPError) -> RequestHead {
        let (method, target, isVersion11) = try requestLine(buffer[lines[0]])
        var fields = HTTPFields()
        for line in lines.dropFirst() {
            let field = try Self.field(buffer[line])
            fields.append(field.name, field.value)
        }
        start = scan
        let path = try Self.checkedPath(target, fields, isVersion11)
        let framing = try Self.framing(fields, isVersion11)
        let expects = fields.all("Expect")
        guard expects.allSatisfy({ $0.lowercased() == "100-continue" }) else {
            throw HTTPError(.expectationFailed, "Expect is \"\(expects.joined(separator: ", "))\", not 100-continue")
        }
        switch framing {
        case .length(let count): state = .length(count)
        case .chunked: state = .chunkSize
        }
        return RequestHead(
            method: method, target: path, isVersion11: isVersion11, fields: fields, framing: framing,
            expectsContinue: isVersion11 && !expects.isEmpty && framing != .length(0),
            wantsClose: !isVersion11 || fields.tokens("Connection").contains("close"))
    }

    // MARK: The first line and the fields

    private func requestLine(
        _ line: ArraySlice<UInt8>
    ) throws(HTTPError) -> (HTTPMethod, target: String, isVersion11: Bool) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.bad("the request line is not method, target and version") }
        guard !parts[0].isEmpty, parts[0].allSatisfy(Self.isToken) else { throw Self.bad("the method is no token") }
        guard !parts[1].isEmpty, parts[1].allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw Self.bad("the target holds a character that no URI has")
        }
        guard parts[1].count <= limits.targetBytes else {
            throw HTTPError(.uriTooLong, "the target is over \(limits.targetBytes) bytes")
        }
        let version = Self.text(parts[2])
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            guard version.hasPrefix("HTTP/") else { throw Self.bad("the request line ends in no version") }
            throw HTTPError(.versionNotSupported, "\(version) is neither HTTP/1.1 nor HTTP/1.0")
        }
        guard let method = HTTPMethod(rawValue: Self.text(parts[0])) else {
            throw HTTPError(.notImplemented, "the method \(Self.text(parts[0])) is not known here")
        }
        return (method, Self.text(parts[1]), version == "HTTP/1.1")
    }

    /// RFC 9112 section 5: token, colon without white space before it, value of visible characters.
    private static func field(_ line: ArraySlice<UInt8>) throws(HTTPError) -> HTTPFields.Field {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
            line[..<colon].allSatisfy(isToken)
        else { throw bad("a line of the head is no field, or is folded") }
        var value = line[(colon + 1)...]
        while let first = value.first, first == 32 || first == 9 { value.removeFirst() }
        while let last = value.last, last == 32 || last == 9 { value.removeLast() }
        guard let text = String(validating: value, as: UTF8.self) else { throw bad("a field's value is not UTF-8") }
        return HTTPFields.Field(name: Self.text(line[..<colon]), value: text)
    }

    /// RFC 9112 section 3.2: one Host, and an absolute target must name the same one.
    private static func checkedPath(
        _ target: String, _ fields: HTTPFields, _ isVersion11: Bool
    ) throws(HTTPError) -> String {
        let hosts = fields.all("Host")
        guard hosts.count == 1 || (hosts.isEmpty && !isVersion11) else {
            throw bad("\(hosts.count) Host fields, wanted one")
        }
        guard hosts.allSatisfy({ !$0.isEmpty && $0.utf8.allSatisfy(isHostCharacter) }) else {
            throw bad("Host holds what no host has")
        }
        if target.hasPrefix("/") { return target }
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty, authority.utf8.allSatisfy(isHostCharacter) else {
                throw bad("the target's authority holds what no host has")
            }
            guard let host = hosts.first, host.lowercased() == authority.lowercased() else {
                throw bad("the target names another host than the Host field")
            }
            let path = rest.dropFirst(authority.count)
            return path.hasPrefix("/") ? String(path) : "/" + path
        }
        throw bad("the target is neither a path nor an http URI")
    }

    /// RFC 9112 section 6: how long the body is. Everything doubtful is refused.
    private static func framing(_ fields: HTTPFields, _ isVersion11: Bool) throws(HTTPError) -> RequestHead.Framing {
        let (codings, lengths) = (fields.all("Transfer-Encoding"), fields.all("Content-Length"))
        guard codings.count + lengths.count <= 1 else { throw bad("more than one field says how long the body is") }
        if let coding = codings.first {
            guard isVersion11, coding.lowercased() == "chunked" else {
                throw HTTPError(.notImplemented, "Transfer-Encoding \"\(coding)\" is not chunked, or not in HTTP/1.1")
            }
            return .chunked
        }
        guard let length = lengths.first else { return .length(0) }
        guard !length.isEmpty, length.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw bad("Content-Length \"\(length)\" is not a number of digits")
        }
        guard let count = Int(length) else {
            throw HTTPError(.contentTooLarge, "Content-Length \(length) is over \(Int.max) bytes")
        }
        return .length(count)
    }

    /// Hexadecimal digits, then nothing or extensions after a semicolon, which are dropped (RFC 9112 section 7.1).
    private static func chunkSize(_ line: ArraySlice<UInt8>) throws(HTTPError) -> Int {
        let digits = line.prefix { $0 != UInt8(ascii: ";") }
        // 15 digits keep the number below 2^60.
        guard (1...15).contains(digits.count), digits.allSatisfy(isHexadecimal),
            let size = Int(text(digits), radix: 16)
        else { throw bad("a chunk's size is no hexadecimal number of at most 15 digits") }
        return size
    }

    // MARK: Characters

    private static func bad(_ message: String) -> HTTPError {
        HTTPError(.badRequest, message)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// Visible, space, tab, or beyond ASCII.
    private static func isText(_ byte: UInt8) -> Bool {
        byte == 9 || (byte >= 32 && byte != 127)
    }

    /// `tchar` of RFC 9110 section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 33, 35...39, 42, 43, 45, 46, 94, 95, 96, 124, 126: true
        default: false
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...70, 97...102: true
        default: false
        }
    }

    /// What RFC 3986 allows in host and port, without user information.
    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122: true
        default: ".-_~:[]%!$&'()*+,;=".utf8.contains(byte)
        }
    }
}
