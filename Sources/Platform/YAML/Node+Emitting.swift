import CYAML

extension Node {
    /// The document as YAML, in blocks, with the keys in their order and a line feed at the end.
    ///
    /// Text is quoted wherever this parser or one of YAML 1.1 (PyYAML, which reads cloud configs) would take it for
    /// something else: `on`, `no`, `1.0`, `null`, `12:30`, a date.
    ///
    /// - Throws: `yaml-unwritable` when libyaml refuses, or a text is longer than 2 GiB.
    package func yaml() throws(YAMLError) -> String {
        let emitter = UnsafeMutablePointer<yaml_emitter_t>.allocate(capacity: 1)
        defer { emitter.deallocate() }
        guard yaml_emitter_initialize(emitter) == 1 else {
            throw YAMLError(.limit, at: .start, "libyaml is out of memory")
        }
        defer { yaml_emitter_delete(emitter) }
        yaml_emitter_set_unicode(emitter, 1)
        yaml_emitter_set_width(emitter, -1)
        let sink = Sink()
        let writer = EventWriter(emitter: emitter)
        let outcome = withExtendedLifetime(sink) { () -> Result<Void, YAMLError> in
            yaml_emitter_set_output(
                emitter,
                { context, bytes, count in
                    guard let context, let bytes else { return 0 }
                    let sink = Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
                    sink.bytes += UnsafeBufferPointer(start: bytes, count: count)
                    return 1
                }, Unmanaged.passUnretained(sink).toOpaque())
            return Result { () throws(YAMLError) in
                try writer.put { yaml_stream_start_event_initialize($0, YAML_UTF8_ENCODING) }
                try writer.put { yaml_document_start_event_initialize($0, nil, nil, nil, 1) }
                try writer.put(self)
                try writer.put { yaml_document_end_event_initialize($0, 1) }
                try writer.put { yaml_stream_end_event_initialize($0) }
            }
        }
        try outcome.get()
        return String(decoding: sink.bytes, as: UTF8.self)
    }
}

/// Where libyaml's output gathers; a class because C holds a pointer to it.
private final class Sink {
    var bytes: [UInt8] = []
}

private struct EventWriter {
    let emitter: UnsafeMutablePointer<yaml_emitter_t>

    func put(_ make: (UnsafeMutablePointer<yaml_event_t>) -> Int32) throws(YAMLError) {
        var event = yaml_event_t()
        guard make(&event) == 1, yaml_emitter_emit(emitter, &event) == 1 else {
            let problem =
                emitter.pointee.problem.map { String(cString: $0) } ?? "out of memory, or text that is no UTF-8"
            throw YAMLError(.unwritable, at: .start, "libyaml cannot write the document: \(problem)")
        }
    }

    func put(_ node: Node) throws(YAMLError) {
        switch node.value {
        case .null: try scalar("null", YAML_PLAIN_SCALAR_STYLE)
        case .bool(let truth): try scalar(truth ? "true" : "false", YAML_PLAIN_SCALAR_STYLE)
        case .int(let number): try scalar(String(number), YAML_PLAIN_SCALAR_STYLE)
        case .double(let number): try scalar(Self.text(number), YAML_PLAIN_SCALAR_STYLE)
        case .string(let text): try scalar(text, Self.style(text))
        case .list(let items):
            try put { yaml_sequence_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_SEQUENCE_STYLE) }
            for item in items { try put(item) }
            try put { yaml_sequence_end_event_initialize($0) }
        case .map(let entries):
            try put { yaml_mapping_start_event_initialize($0, nil, nil, 1, YAML_BLOCK_MAPPING_STYLE) }
            for entry in entries {
                try scalar(entry.key, Self.style(entry.key))
                try put(entry.value)
            }
            try put { yaml_mapping_end_event_initialize($0) }
        }
    }

    private func scalar(_ text: String, _ style: yaml_scalar_style_t) throws(YAMLError) {
        var text = text
        let outcome = text.withUTF8 { buffer -> Result<Void, YAMLError> in
            Result { () throws(YAMLError) in
                guard let count = Int32(exactly: buffer.count) else {
                    throw YAMLError(.unwritable, at: .start, "a text of \(buffer.count) bytes is too long for libyaml")
                }
                try put { yaml_scalar_event_initialize($0, nil, nil, buffer.baseAddress, count, 1, 1, style) }
            }
        }
        try outcome.get()
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return ".nan" }
        if number.isInfinite { return number < 0 ? "-.inf" : ".inf" }
        return String(number)
    }

    /// libyaml quotes for syntax, not for meaning: left alone it writes the text "on" bare.
    private static func style(_ text: String) -> yaml_scalar_style_t {
        if text.contains("\n") { return YAML_LITERAL_SCALAR_STYLE }
        guard case .value(.string) = ScalarResolution.resolve(text), let first = text.utf8.first else {
            return YAML_DOUBLE_QUOTED_SCALAR_STYLE
        }
        let startsPlain = (0x41...0x5A).contains(first) || (0x61...0x7A).contains(first) || first == 0x2F
        let isTruthInOldYAML = ["y", "n", "yes", "no", "on", "off"].contains(text.lowercased())
        return startsPlain && !isTruthInOldYAML ? YAML_PLAIN_SCALAR_STYLE : YAML_DOUBLE_QUOTED_SCALAR_STYLE
    }
}
