/// Typed reading: each accessor gives the value or an error that names path, place, what is there and what is needed.
extension Node {
    /// The value of a key, nil when the node is no map or has no such key.
    package subscript(key: String) -> Node? {
        guard case .map(let entries) = value else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The element of a list, nil when the node is no list or has fewer.
    package subscript(index: Int) -> Node? {
        guard case .list(let items) = value, items.indices.contains(index) else { return nil }
        return items[index]
    }

    /// Whether the value is null: `~`, `null` or nothing.
    package var isNull: Bool {
        if case .null = value { return true }
        return false
    }

    /// The text.
    ///
    /// - Throws: `yaml-type`; a number or a truth value is refused with the advice to quote it, because the letters may
    ///   say more than the value (`1.10` is the number 1.1).
    package func string() throws(YAMLError) -> String {
        if case .string(let text) = value { return text }
        switch value {
        case .int, .double, .bool:
            throw wrongType("text", advice: "put it in quotes: \"\(source ?? "…")\"")
        default: throw wrongType("text")
        }
    }

    /// The whole number, within `range`.
    ///
    /// - Throws: `yaml-type` for another type, `yaml-number` outside the range.
    package func int(in range: ClosedRange<Int64> = .min ... .max) throws(YAMLError) -> Int64 {
        guard case .int(let number) = value else { throw wrongType("a whole number") }
        guard range.contains(number) else {
            throw YAMLError(
                .number, at: mark, path: path,
                "\(number) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    /// The number, whole or not.
    ///
    /// - Throws: `yaml-type`.
    package func double() throws(YAMLError) -> Double {
        switch value {
        case .int(let number): return Double(number)
        case .double(let number): return number
        default: throw wrongType("a number")
        }
    }

    /// True or false.
    ///
    /// - Throws: `yaml-type`; `yes`, `no`, `on` and `off` are text in YAML 1.2, and the advice says so.
    package func bool() throws(YAMLError) -> Bool {
        if case .bool(let truth) = value { return truth }
        if case .string(let text) = value {
            switch text.lowercased() {
            case "yes", "on", "y": throw wrongType("true or false", advice: "write true")
            case "no", "off", "n": throw wrongType("true or false", advice: "write false")
            default: break
            }
        }
        throw wrongType("true or false")
    }

    /// The elements of a list.
    ///
    /// - Throws: `yaml-type`.
    package func list() throws(YAMLError) -> [Node] {
        guard case .list(let items) = value else { throw wrongType("a list", advice: "write each element as '- …'") }
        return items
    }

    /// The keys of a map, in the order of the text.
    ///
    /// - Throws: `yaml-type`.
    package func map() throws(YAMLError) -> [Entry] {
        guard case .map(let entries) = value else {
            throw wrongType("a map", advice: "write each entry as 'key: value'")
        }
        return entries
    }

    /// What is there, for people: `the number 1.10`, `a list of 3`.
    package var summary: String {
        switch value {
        case .null: "nothing"
        case .bool(let truth): source ?? (truth ? "true" : "false")
        case .int(let number): "the number " + (source ?? String(number))
        case .double(let number): "the number " + (source ?? String(number))
        case .string(let text): "the text \"\(text.count > 40 ? text.prefix(39) + "…" : text[...])\""
        case .list(let items): "a list of \(items.count)"
        case .map(let entries): "a map of \(entries.count) key\(entries.count == 1 ? "" : "s")"
        }
    }

    private func wrongType(_ needed: String, advice: String? = nil) -> YAMLError {
        YAMLError(.type, at: mark, path: path, "needs \(needed), but \(summary) is given", advice: advice)
    }
}
