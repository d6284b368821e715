extension Node {
    /// Reads one document of YAML or JSON.
    ///
    /// Scalars follow the core schema of YAML 1.2. Refused, each with its place: anchors, aliases, merge keys, tags,
    /// duplicate keys, tabs as indentation, a second document, an empty text, numbers with a leading zero or too large
    /// for 64 bits, and whatever is beyond the limits.
    ///
    /// - Throws: ``YAMLError``, for the first mistake in the text.
    package static func parse(_ bytes: [UInt8], limits: Limits = Limits()) throws(YAMLError) -> Node {
        guard bytes.count <= limits.bytes else {
            throw YAMLError(.limit, at: .start, "\(bytes.count) bytes are more than the \(limits.bytes) accepted")
        }
        // A byte-order mark is no part of the text; libyaml would count it as a column.
        let marked = bytes.starts(with: [0xEF, 0xBB, 0xBF])
        let text = SurrogatePairs.joined(marked ? Array(bytes.dropFirst(3)) : bytes)
        return try EventReader.reading(text, isForeign: false) { events throws(YAMLError) in
            var reader = TreeReader(events: events, limits: limits)
            return try reader.document()
        }
    }

    /// Reads one document from a string; see ``parse(_:limits:)-(Array<UInt8>,_)``.
    ///
    /// - Throws: ``YAMLError``, for the first mistake in the text.
    package static func parse(_ text: String, limits: Limits = Limits()) throws(YAMLError) -> Node {
        try parse(Array(text.utf8), limits: limits)
    }
}

/// Builds the tree from the events, within the limits.
private struct TreeReader {
    var events: EventReader
    let limits: Node.Limits
    var nodes = 0

    mutating func document() throws(YAMLError) -> Node {
        _ = try events.next()
        let (start, mark) = try events.next()
        guard case .documentStart = start else { throw YAMLError(.empty, at: mark, "the document is empty") }
        let first = try events.next()
        let node = try node(first.event, at: first.mark, path: "", depth: 0)
        _ = try events.next()
        let (end, second) = try events.next()
        guard case .streamEnd = end else {
            throw YAMLError(
                .severalDocuments, at: second, "a second document starts here", advice: "keep one document in a file")
        }
        return node
    }

    private mutating func node(
        _ event: EventReader.Event, at mark: Mark, path: String, depth: Int
    ) throws(YAMLError) -> Node {
        nodes += 1
        guard nodes <= limits.nodes else {
            throw YAMLError(.limit, at: mark, "more than \(limits.nodes) values in one document")
        }
        guard depth <= limits.depth else {
            throw YAMLError(.limit, at: mark, "more than \(limits.depth) levels inside one another")
        }
        switch event {
        case .scalar(let text, plain: false): return Node(.string(text), at: mark, path: path)
        case .scalar(let text, plain: true):
            switch ScalarResolution.resolve(text) {
            case .value(let value): return Node(value, at: mark, path: path, source: text)
            case .refused(let message, let advice):
                throw YAMLError(.number, at: mark, path: path, message, advice: advice)
            }
        case .listStart: return try list(at: mark, path: path, depth: depth)
        case .mapStart: return try map(at: mark, path: path, depth: depth)
        case .alias, .listEnd, .mapEnd, .documentStart, .documentEnd, .streamStart, .streamEnd:
            throw YAMLError(.syntax, at: mark, path: path, "a value is missing")
        }
    }

    private mutating func list(at mark: Mark, path: String, depth: Int) throws(YAMLError) -> Node {
        var items: [Node] = []
        while true {
            let next = try events.next()
            if case .listEnd = next.event { return Node(.list(items), at: mark, path: path) }
            items.append(try node(next.event, at: next.mark, path: "\(path)[\(items.count)]", depth: depth + 1))
        }
    }

    private mutating func map(at mark: Mark, path: String, depth: Int) throws(YAMLError) -> Node {
        var entries: [Node.Entry] = []
        var seen: [String: Mark] = [:]
        while true {
            let (event, keyMark) = try events.next()
            if case .mapEnd = event { return Node(.map(entries), at: mark, path: path) }
            guard case .scalar(let key, let plain) = event, !(plain && key.isEmpty) else {
                throw YAMLError(.key, at: keyMark, path: path, "a key must be text")
            }
            if plain, key == "<<" {
                throw YAMLError(
                    .anchor, at: keyMark, path: path, "merge keys (<<) are not accepted", advice: "write the keys out")
            }
            if let first = seen.updateValue(keyMark, forKey: key) {
                throw YAMLError(
                    .duplicateKey, at: keyMark, path: path,
                    "the key '\(key)' is already given on line \(first.line)", advice: "keep one of the two")
            }
            let next = try events.next()
            let value = try node(next.event, at: next.mark, path: joined(path, key), depth: depth + 1)
            entries.append(Node.Entry(key, value, keyMark: keyMark))
        }
    }

    /// Keys are cut in paths, so that a long key above many values costs no memory for each of them.
    private func joined(_ path: String, _ key: String) -> String {
        let short = key.utf8.count > 64 ? key.prefix(60) + "…" : key[...]
        return path.isEmpty ? String(short) : "\(path).\(short)"
    }
}
