/// The strict check of JSON that comes from outside, made before anything is decoded.
///
/// Foundation's decoder takes duplicate keys (the first wins), trailing commas, a byte-order mark, UTF-16, bad UTF-8 in
/// values that nobody decodes, and any depth up to 512. Two readers of one message must not disagree, so all of that is
/// refused here: RFC 8259 to the letter, in one pass over the bytes, without recursion.
package enum JSONCheck {
    /// Containers in one another that are allowed when nobody says otherwise.
    package static let defaultDepth = 32
    /// The most that `maxDepth` can be: the scanner keeps one bit a container.
    package static let greatestDepth = 64
    /// Keys in one object that are allowed. Keys are compared pairwise, so this bounds the time, too.
    package static let maxKeys = 1024

    /// What may stand at the top.
    package enum Top: Sendable {
        /// Any value.
        case any
        /// An object only, as in every frame of the wire protocol.
        case object
    }

    /// Throws the first fault of `bytes` as JSON.
    ///
    /// Refused: anything beyond the grammar of RFC 8259; more than `maxDepth` containers in one another; a key given
    /// twice in one object (however it is escaped); bytes that are not well-formed UTF-8; lone surrogates; `\u0000`;
    /// integers that do not fit in 64 bits (signed); numbers beyond the range of a double.
    package static func check(_ bytes: [UInt8], maxDepth: Int = defaultDepth, top: Top = .any) throws(JSONError) {
        try check(bytes.span, maxDepth: maxDepth, top: top)
    }

    /// The same over borrowed bytes.
    package static func check(
        _ bytes: Span<UInt8>, maxDepth: Int = defaultDepth, top: Top = .any
    ) throws(JSONError) {
        var scanner = Scanner(maxDepth: min(maxDepth, greatestDepth), maxKeys: maxKeys, top: top)
        do throws(Scanner.Fault) {
            try scanner.run(bytes)
        } catch {
            throw JSONError(error.code, error.message, at: JSONError.Position(of: error.offset, in: bytes))
        }
    }
}
