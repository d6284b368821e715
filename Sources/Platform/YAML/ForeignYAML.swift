/// Checks a text that another program will read as YAML.
///
/// Other programs take more than ``Node/parse(_:limits:)-(Array<UInt8>,_)``: anchors, aliases, merge keys, tags, and
/// numbers such as `0644`. What no program can use is refused here: broken syntax, control characters, a key that is
/// given twice, an alias without its anchor, a second document.
package enum ForeignYAML {
    /// What stands at the top of a text.
    package enum Top: Sendable, Hashable {
        /// Nothing but blanks and comments.
        case nothing
        case scalar
        case list
        case map
    }

    /// Checks the text.
    ///
    /// - Returns: what stands at its top, and where.
    /// - Throws: ``YAMLError``, for the first mistake in the text.
    package static func check(_ bytes: [UInt8]) throws(YAMLError) -> (top: Top, mark: Mark) {
        let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let text = marked ? Array(bytes.dropFirst(3)) : bytes
        return try EventReader.reading(text, isForeign: true) { events throws(YAMLError) in
            var reader = Outline(events: events)
            return try reader.document()
        }
    }

    /// Walks over the events, and keeps only the keys of the maps that are open.
    private struct Outline {
        var events: EventReader
        /// A deeper text is no configuration.
        private static let greatestDepth = 128

        init(events: EventReader) { self.events = events }

        mutating func document() throws(YAMLError) -> (top: Top, mark: Mark) {
            _ = try events.next()
            let (start, mark) = try events.next()
            guard case .documentStart = start else { return (.nothing, mark) }
            let first = try events.next()
            let top = try value(first.event, at: first.mark, depth: 0)
            _ = try events.next()
            let (end, second) = try events.next()
            guard case .streamEnd = end else {
                throw YAMLError(
                    .severalDocuments, at: second, "a second document starts here, which is never read",
                    advice: "keep one document in a file")
            }
            return (top, first.mark)
        }

        private mutating func value(
            _ event: EventReader.Event, at mark: Mark, depth: Int
        ) throws(YAMLError) -> Top {
            guard depth <= Self.greatestDepth else {
                throw YAMLError(.limit, at: mark, "more than \(Self.greatestDepth) levels inside one another")
            }
            switch event {
            case .scalar(let text, let plain): return plain && ["", "~", "null"].contains(text) ? .nothing : .scalar
            case .alias: return .scalar
            case .listStart:
                while true {
                    let next = try events.next()
                    if case .listEnd = next.event { return .list }
                    _ = try value(next.event, at: next.mark, depth: depth + 1)
                }
            case .mapStart:
                try map(depth: depth)
                return .map
            case .listEnd, .mapEnd, .documentStart, .documentEnd, .streamStart, .streamEnd:
                throw YAMLError(.syntax, at: mark, "a value is missing")
            }
        }

        private mutating func map(depth: Int) throws(YAMLError) {
            var seen: [String: Mark] = [:]
            while true {
                let (event, mark) = try events.next()
                if case .mapEnd = event { return }
                guard case .scalar(let key, let plain) = event, !(plain && key.isEmpty) else {
                    throw YAMLError(
                        .key, at: mark, "a key must be text", advice: "put a value that contains {{ or [ in quotes")
                }
                if let first = seen.updateValue(mark, forKey: key) {
                    throw YAMLError(
                        .duplicateKey, at: mark, "the key '\(key)' is already given on line \(first.line)",
                        advice: "keep one of the two")
                }
                let next = try events.next()
                _ = try value(next.event, at: next.mark, depth: depth + 1)
            }
        }
    }
}
