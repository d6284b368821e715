/// What a server answered.
package struct HTTPAnswer: Sendable {
    /// The status code.
    package internal(set) var status: Int
    /// The fields of the last response, after redirects.
    package internal(set) var fields: HTTPFields
    /// The body, unless it went to a file.
    package internal(set) var body: [UInt8]

    /// The body as text, for messages; what is not UTF-8 is replaced.
    package var text: String {
        var text = String(decoding: body, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}
