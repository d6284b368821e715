/// A path with places: `/v1/blobs/{digest}`, and `/files/{path...}`, which takes all the rest.
struct PathPattern: Sendable, Hashable {
    private enum Part: Sendable, Hashable {
        case literal(String)
        case place(String)
        case rest(String)
    }

    private let parts: [Part]

    /// Reads a pattern of ours.
    init(_ text: String) {
        precondition(text.hasPrefix("/"), "a route's pattern begins with a slash")
        parts = text.split(separator: "/").map { part in
            guard part.hasPrefix("{"), part.hasSuffix("}") else { return .literal(String(part)) }
            let name = part.dropFirst().dropLast()
            return name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .place(String(name))
        }
    }

    /// What the places hold when the pattern matches these decoded segments; nil when it does not.
    func match(_ segments: [String]) -> [String: String]? {
        var parameters: [String: String] = [:]
        for (index, part) in parts.enumerated() {
            if case .rest(let name) = part {
                guard index < segments.count else { return nil }
                parameters[name] = segments[index...].joined(separator: "/")
                return parameters
            }
            guard index < segments.count else { return nil }
            switch part {
            case .literal(let text): if segments[index] != text { return nil }
            case .place(let name), .rest(let name): parameters[name] = segments[index]
            }
        }
        return segments.count == parts.count ? parameters : nil
    }

    /// The decoded segments of a path as it was sent.
    ///
    /// - Throws: 400 for what could mean another path to somebody else: broken escapes, control characters, `.` and `..`,
    ///   an escaped slash, an empty segment but for one at the end.
    static func segments(_ path: String) throws(HTTPError) -> [String] {
        var raw = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        if raw.last == "" { raw.removeLast() }
        var segments: [String] = []
        for part in raw {
            guard let segment = PercentEncoding.decode(part) else {
                throw HTTPError(.badRequest, "the path holds a broken escape, a control character or no UTF-8")
            }
            guard !segment.isEmpty, segment != ".", segment != "..", !segment.contains("/") else {
                throw HTTPError(.badRequest, "the path holds an empty segment, a dot segment or an escaped slash")
            }
            segments.append(segment)
        }
        return segments
    }
}
