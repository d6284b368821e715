import FoundationEssentials

/// The one way in which this project writes JSON: keys sorted by their bytes, no white space, nothing escaped that need
/// not be. The same value gives the same bytes, so a digest of them identifies it.
package enum CanonicalJSON {
    /// The canonical bytes of `value`.
    ///
    /// `nil` members are left out. What comes out passes ``JSONCheck`` (a string with a NUL, two keys that differ only
    /// in Unicode normalisation and anything deeper than 64 are errors here, not at the reader).
    package static func encode(_ value: some Encodable) throws(JSONError) -> [UInt8] {
        let bytes: [UInt8]
        do {
            // A coder of its own each time is not dearer than a shared one.
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            bytes = [UInt8](try encoder.encode(value))
        } catch let error as EncodingError {
            throw JSONError(error)
        } catch {
            throw JSONError(.notEncodable, "\(error)", cause: error)
        }
        try JSONCheck.check(bytes, maxDepth: JSONCheck.greatestDepth)
        return bytes
    }

    /// The canonical text of `value`; throws as ``encode(_:)`` does.
    package static func text(_ value: some Encodable) throws(JSONError) -> String {
        String(decoding: try encode(value), as: UTF8.self)
    }
}
