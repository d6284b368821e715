/// A status code with its reason phrase (RFC 9110 section 15).
package struct HTTPStatus: Sendable, Hashable {
    /// 100 to 599.
    package let code: Int
    /// The phrase for people.
    package let reason: String

    /// A code with the phrase of its choice.
    package init(_ code: Int, _ reason: String) {
        self.code = code
        self.reason = reason
    }

    /// Done.
    package static let ok = HTTPStatus(200, "OK")
    /// A new resource is there.
    package static let created = HTTPStatus(201, "Created")
    /// Taken, not finished.
    package static let accepted = HTTPStatus(202, "Accepted")
    /// Done, nothing to say.
    package static let noContent = HTTPStatus(204, "No Content")
    /// One range of it.
    package static let partialContent = HTTPStatus(206, "Partial Content")
    /// You have it already.
    package static let notModified = HTTPStatus(304, "Not Modified")
    /// What resumable uploads use for "this part is here, send more".
    package static let resumeIncomplete = HTTPStatus(308, "Resume Incomplete")
    /// Not a request that we understand, or one that could be understood in two ways.
    package static let badRequest = HTTPStatus(400, "Bad Request")
    /// No token, or a wrong one.
    package static let unauthorized = HTTPStatus(401, "Unauthorized")
    /// Known, and not allowed.
    package static let forbidden = HTTPStatus(403, "Forbidden")
    /// Nothing there.
    package static let notFound = HTTPStatus(404, "Not Found")
    /// There, but not for this method.
    package static let methodNotAllowed = HTTPStatus(405, "Method Not Allowed")
    /// The request did not arrive in time.
    package static let requestTimeout = HTTPStatus(408, "Request Timeout")
    /// Does not fit the state of the resource.
    package static let conflict = HTTPStatus(409, "Conflict")
    /// A length is wanted.
    package static let lengthRequired = HTTPStatus(411, "Length Required")
    /// If-Match does not hold.
    package static let preconditionFailed = HTTPStatus(412, "Precondition Failed")
    /// The body is over the limit.
    package static let contentTooLarge = HTTPStatus(413, "Content Too Large")
    /// The target is over the limit.
    package static let uriTooLong = HTTPStatus(414, "URI Too Long")
    /// The range lies outside.
    package static let rangeNotSatisfiable = HTTPStatus(416, "Range Not Satisfiable")
    /// An Expect that is not 100-continue.
    package static let expectationFailed = HTTPStatus(417, "Expectation Failed")
    /// Understood, and wrong in itself.
    package static let unprocessable = HTTPStatus(422, "Unprocessable Content")
    /// The head is over the limit.
    package static let headTooLarge = HTTPStatus(431, "Request Header Fields Too Large")
    /// Our fault.
    package static let internalError = HTTPStatus(500, "Internal Server Error")
    /// A method or a coding that we do not have.
    package static let notImplemented = HTTPStatus(501, "Not Implemented")
    /// Too many connections, or shutting down.
    package static let unavailable = HTTPStatus(503, "Service Unavailable")
    /// Not HTTP/1.0 or HTTP/1.1.
    package static let versionNotSupported = HTTPStatus(505, "HTTP Version Not Supported")
    /// The disk is full.
    package static let insufficientStorage = HTTPStatus(507, "Insufficient Storage")
}
