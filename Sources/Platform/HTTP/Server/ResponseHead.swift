/// The bytes of a response's head (RFC 9112 section 4).
enum ResponseHead {
    /// With the fields that the server sets itself; without `length` and not chunked, the body ends with the connection.
    static func bytes(
        _ response: HTTPResponse, length: Int?, closing: Bool, chunked: Bool = false
    ) -> [UInt8] {
        var text = "HTTP/1.1 \(response.status.code) \(response.status.reason)\r\nDate: \(HTTPDate.now)\r\n"
        for field in response.fields.list { text += "\(field.name): \(clean(field.value))\r\n" }
        if let length, response.status != .noContent, response.status != .notModified {
            text += "Content-Length: \(length)\r\n"
        } else if chunked {
            text += "Transfer-Encoding: chunked\r\n"
        }
        if closing || (length == nil && !chunked) { text += "Connection: close\r\n" }
        return Array((text + "\r\n").utf8)
    }

    /// A value that came from outside must not be able to end its line.
    private static func clean(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 < 32 || $0 == 127 }) else { return value }
        return String(decoding: value.utf8.map { $0 < 32 || $0 == 127 ? 32 : $0 }, as: UTF8.self)
    }
}
