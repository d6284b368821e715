import CYAML

/// libyaml's events, one after the other. Anchors, aliases and tags are refused unless the text is of another program.
struct EventReader {
    enum Event {
        case streamStart
        case documentStart
        case scalar(String, plain: Bool)
        case alias(String)
        case listStart
        case listEnd
        case mapStart
        case mapEnd
        case documentEnd
        case streamEnd
    }

    let parser: UnsafeMutablePointer<yaml_parser_t>
    /// The text that the parser reads, for better words about an error.
    let bytes: [UInt8]
    /// Whether another program will read the text, which knows anchors and tags.
    private let isForeign: Bool
    /// The anchors so far.
    private var anchors: Set<String> = []

    init(parser: UnsafeMutablePointer<yaml_parser_t>, bytes: [UInt8], isForeign: Bool = false) {
        self.parser = parser
        self.bytes = bytes
        self.isForeign = isForeign
    }

    /// Gives the events of a text in UTF-8 without a byte-order mark to `body`.
    static func reading<Success>(
        _ text: [UInt8], isForeign: Bool, _ body: (EventReader) throws(YAMLError) -> Success
    ) throws(YAMLError) -> Success {
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else {
            throw YAMLError(.limit, at: .start, "libyaml is out of memory")
        }
        defer { yaml_parser_delete(parser) }
        let outcome = text.withUnsafeBufferPointer { buffer -> Result<Success, YAMLError> in
            yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
            yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
            return Result { () throws(YAMLError) in
                try body(EventReader(parser: parser, bytes: text, isForeign: isForeign))
            }
        }
        return try outcome.get()
    }

    mutating func next() throws(YAMLError) -> (event: Event, mark: Mark) {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw failure() }
        defer { yaml_event_delete(&event) }
        let mark = Mark(event.start_mark)
        switch event.type {
        case YAML_STREAM_START_EVENT: return (.streamStart, mark)
        case YAML_DOCUMENT_START_EVENT: return (.documentStart, mark)
        case YAML_DOCUMENT_END_EVENT: return (.documentEnd, mark)
        case YAML_STREAM_END_EVENT: return (.streamEnd, mark)
        case YAML_ALIAS_EVENT where isForeign:
            let name = event.data.alias.anchor.map(Self.text) ?? ""
            guard anchors.contains(name) else {
                throw YAMLError(.anchor, at: mark, "there is no anchor &\(name) before this alias")
            }
            return (.alias(name), mark)
        case YAML_ALIAS_EVENT:
            throw YAMLError(.anchor, at: mark, "aliases (*name) are not accepted", advice: "write the value out")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            try check(anchor: scalar.anchor, tag: scalar.tag, at: mark)
            let text = String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
            return (.scalar(text, plain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark)
        case YAML_SEQUENCE_START_EVENT:
            try check(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, at: mark)
            return (.listStart, mark)
        case YAML_SEQUENCE_END_EVENT: return (.listEnd, mark)
        case YAML_MAPPING_START_EVENT:
            try check(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, at: mark)
            return (.mapStart, mark)
        case YAML_MAPPING_END_EVENT: return (.mapEnd, mark)
        default: throw YAMLError(.syntax, at: mark, "libyaml gave an event of unknown type \(event.type.rawValue)")
        }
    }

    private static func text(_ name: UnsafeMutablePointer<yaml_char_t>) -> String { String(cString: name) }

    /// Refuses an anchor and a tag, or keeps the anchor for aliases where another program reads the text.
    private mutating func check(
        anchor: UnsafeMutablePointer<yaml_char_t>?, tag: UnsafeMutablePointer<yaml_char_t>?, at mark: Mark
    ) throws(YAMLError) {
        guard !isForeign else {
            if let anchor { anchors.insert(Self.text(anchor)) }
            return
        }
        if anchor != nil {
            throw YAMLError(
                .anchor, at: mark, "anchors (&name) are not accepted", advice: "write the value out where it is used")
        }
        if let tag {
            throw YAMLError(
                .tag, at: mark, "the tag \(Self.text(tag)) is not accepted",
                advice: "leave it away; put text in quotes")
        }
    }

    private func failure() -> YAMLError {
        let state = parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "cannot be read"
        switch state.error {
        case YAML_READER_ERROR:
            // The reader knows a byte offset and no mark.
            let mark = Mark(ofByte: Int(state.problem_offset), in: bytes)
            return YAMLError(.encoding, at: mark, problem, advice: "save the file as UTF-8 without control characters")
        case YAML_MEMORY_ERROR:
            return YAMLError(.limit, at: Mark(state.mark), "libyaml is out of memory")
        default:
            let opened = state.context == nil ? nil : Mark(state.context_mark)
            return SyntaxAdvice.error(problem, at: Mark(state.problem_mark), opened: opened, in: bytes)
        }
    }
}

extension Mark {
    init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }

    /// The place of a byte; a byte that starts no character counts to the one it follows.
    init(ofByte offset: Int, in bytes: [UInt8]) {
        let before = bytes.prefix(offset)
        let line = before.reduce(into: 1) { count, byte in count += byte == 0x0A ? 1 : 0 }
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        let column = before[start...].reduce(into: 1) { count, byte in count += byte & 0xC0 == 0x80 ? 0 : 1 }
        self.init(line: line, column: column)
    }
}
