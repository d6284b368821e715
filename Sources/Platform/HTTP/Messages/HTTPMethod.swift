/// The methods that the server knows (RFC 9110 section 9.3); any other is answered with 501.
package enum HTTPMethod: String, Sendable, Hashable, CaseIterable {
    /// Read.
    case get = "GET"
    /// Read, without the body.
    case head = "HEAD"
    /// Replace by what is sent.
    case put = "PUT"
    /// Change a part.
    case patch = "PATCH"
    /// Do what the resource says.
    case post = "POST"
    /// Remove.
    case delete = "DELETE"
}
