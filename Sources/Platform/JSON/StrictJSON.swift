import FoundationEssentials

/// JSON from outside: checked whole, then decoded.
package enum StrictJSON {
    /// Decodes `bytes` after ``JSONCheck/check(_:maxDepth:top:)``.
    ///
    /// Unknown fields are ignored, as everywhere in Codable. Errors of the decoding name the field by its path
    /// (`jobs[2].fence`).
    package static func decode<Value: Decodable>(
        _ type: Value.Type, from bytes: [UInt8], maxDepth: Int = JSONCheck.defaultDepth, top: JSONCheck.Top = .any
    ) throws(JSONError) -> Value {
        try JSONCheck.check(bytes, maxDepth: maxDepth, top: top)
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw JSONError(error)
        } catch {
            throw JSONError(.invalidValue, "\(error)", cause: error)
        }
    }
}
