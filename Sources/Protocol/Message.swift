import JSON

/// One thing that can be said on a socket. Its fields stand beside `type` and `id` in one JSON object.
package protocol Message: Codable, Sendable {
    /// The value of the field `type`.
    static var type: String { get }
}

/// A message on its way: with the `id` that ties a reply to its request; pushes have none.
private struct Outgoing<Body: Message>: Encodable {
    let id: Int64?
    let body: Body

    enum Keys: String, CodingKey {
        case type
        case id
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(Body.type, forKey: .type)
        try container.encodeIfPresent(id, forKey: .id)
        try body.encode(to: encoder)
    }
}

extension Message {
    /// The message as the bytes of one frame, length included. Canonical: keys sorted, no white space.
    package func frame(id: Int64? = nil) throws -> [UInt8] {
        Frame.bytes(try CanonicalJSON.encode(Outgoing(id: id, body: self)))
    }
}

/// A frame that was found to be a strict JSON object with a `type`, not yet decoded further.
package struct Incoming: Sendable {
    package let type: String
    /// The request's number, when the sender wants an answer or gives one.
    package let id: Int64?
    private let bytes: [UInt8]

    private struct Head: Decodable {
        let type: String
        let id: Int64?
    }

    /// Checks a frame's payload.
    package init(payload: [UInt8]) throws(ProtocolError) {
        do throws(JSONError) {
            let head = try StrictJSON.decode(Head.self, from: payload, maxDepth: FrameLimits.depth, top: .object)
            type = head.type
            id = head.id
        } catch {
            throw ProtocolError(json: error, in: "the frame")
        }
        bytes = payload
    }

    /// How long the message is, in bytes.
    package var size: Int { bytes.count }

    /// The job and the claim that the message is about, also when the rest of it is not understood; nil when it names none.
    package var claim: Claim? {
        do throws(JSONError) {
            return try StrictJSON.decode(Claim.self, from: bytes, maxDepth: FrameLimits.depth)
        } catch {
            return nil  // asked of a message that could not be read: that has been said already
        }
    }

    /// Decodes the message; fields that it does not know are ignored.
    package func decode<Body: Message>(_: Body.Type = Body.self) throws(ProtocolError) -> Body {
        guard type == Body.type else {
            throw ProtocolError(.badMessage, "a message \"\(type)\" came where \"\(Body.type)\" was expected")
        }
        do throws(JSONError) {
            return try StrictJSON.decode(Body.self, from: bytes, maxDepth: FrameLimits.depth)
        } catch {
            throw ProtocolError(json: error, in: "the message \"\(type)\"")
        }
    }
}

extension ProtocolError {
    /// What the JSON module found, as a peer is told it.
    init(json error: JSONError, in place: String) {
        let isShape = [JSONError.Code.missingField, .wrongType, .invalidValue].contains(error.code)
        self.init(isShape ? .badMessage : .badJSON, "\(place) cannot be read: \(error)")
    }
}
