package import IO

extension HTTPResponse {
    /// An open regular file of `size` bytes, or the part that the request asks for.
    ///
    /// Follows RFC 9110 section 13.2.2: If-Match (412), If-None-Match (304), then Range (206, 416) unless If-Range names
    /// another tag. Several ranges are answered with the whole. `etag` is strong and comes without its quotes: it must
    /// change whenever the bytes change.
    package static func file(
        _ file: Descriptor, size: Int, etag: String, type: String = "application/octet-stream",
        for request: HTTPRequest
    ) -> HTTPResponse {
        let fields: HTTPFields = ["ETag": EntityTag.quoted(etag), "Accept-Ranges": "bytes", "Content-Type": type]
        switch selection(request.method, request.fields, size: size, etag: etag) {
        case .whole: return HTTPResponse(.ok, fields: fields, body: .file(file, 0..<size))
        case .part(let part):
            var fields = fields
            fields.append("Content-Range", ContentRange(part: part, size: size).description)
            return HTTPResponse(.partialContent, fields: fields, body: .file(file, part))
        case .outside:
            return HTTPResponse(
                .rangeNotSatisfiable,
                fields: ["Content-Range": ContentRange(part: nil, size: size).description, "Accept-Ranges": "bytes"])
        case .same: return HTTPResponse(.notModified, fields: ["ETag": EntityTag.quoted(etag)])
        case .other: return HTTPResponse(.preconditionFailed, fields: ["ETag": EntityTag.quoted(etag)])
        }
    }

    /// What the conditions and the range of a request select.
    enum Selection: Sendable, Hashable {
        case whole
        case part(Range<Int>)
        case outside
        /// If-None-Match names what we have.
        case same
        /// If-Match names something else.
        case other
    }

    static func selection(_ method: HTTPMethod, _ fields: HTTPFields, size: Int, etag: String) -> Selection {
        let wanted = fields.all("If-Match")
        if !wanted.isEmpty, !EntityTag.list(wanted, names: etag, strong: true) { return .other }
        let known = fields.all("If-None-Match")
        if !known.isEmpty, EntityTag.list(known, names: etag, strong: false) { return .same }
        let ranges = fields.all("Range")
        guard method == .get, ranges.count == 1 else { return .whole }
        // A date or a weak tag in If-Range never holds here, which is always correct: the whole is sent.
        if let tag = fields["If-Range"], tag != EntityTag.quoted(etag) { return .whole }
        return switch ByteRange(ranges[0], size: size) {
        case .whole: .whole
        case .part(let part): .part(part)
        case .unsatisfiable: .outside
        }
    }
}
