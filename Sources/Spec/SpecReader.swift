package import FactoryProtocol
import Spelling

/// Reads a description and gathers every problem on the way.
struct SpecReader {
    private(set) var problems: [Problem] = []

    /// Every problem is shown, stored and sent without the passwords that the description holds by mistake.
    mutating func problem(
        _ code: String, _ message: String, at node: SpecNode?, path: String, suggestion: String? = nil
    ) {
        problems.append(
            Problem(
                path: path, line: node?.line, column: node?.column, code: code, message: message,
                suggestion: suggestion
            ).shown)
    }

    /// The entries of a mapping; keys that are not known and keys that come twice are problems.
    mutating func entries(of node: SpecNode, path: String, known: [String]) -> [String: SpecNode] {
        guard case .map(let entries) = node.value else {
            problem(
                "not-a-mapping", "\(path.isEmpty ? "the description" : path) is \(node.kind); it must be a mapping",
                at: node, path: path, suggestion: "\(known.first ?? "key"): …")
            return [:]
        }
        var found: [String: SpecNode] = [:]
        for entry in entries {
            let place = SpecNode(.null, line: entry.line, column: entry.column)
            let full = path.isEmpty ? entry.key : path + "." + entry.key
            guard known.contains(entry.key) else {
                problem(
                    "unknown-key", "there is no key \"\(entry.key)\"", at: place, path: full,
                    suggestion: nearest(to: entry.key, in: known)
                        ?? "one of " + known.joined(separator: ", "))
                continue
            }
            guard found[entry.key] == nil else {
                problem("duplicate-key", "the key \"\(entry.key)\" stands here twice", at: place, path: full)
                continue
            }
            found[entry.key] = entry.node
        }
        return found
    }

    /// A piece of text. Numbers and truth values must be quoted: what they mean as text is a guess (`1.10` is `1.1`).
    mutating func text(_ node: SpecNode, path: String) -> String? {
        if case .string(let text) = node.value { return text }
        problem(
            "not-text", "\(path) is \(node.kind); it must be text", at: node, path: path,
            suggestion: "put it in quotes")
        return nil
    }

    mutating func integer(_ node: SpecNode, path: String, in range: ClosedRange<Int64>) -> Int64? {
        guard case .integer(let value) = node.value else {
            problem("not-a-number", "\(path) is \(node.kind); it must be a whole number", at: node, path: path)
            return nil
        }
        guard range.contains(value) else {
            problem(
                "out-of-range", "\(path) is \(value); it must be \(range.lowerBound) to \(range.upperBound)", at: node,
                path: path)
            return nil
        }
        return value
    }

    /// One text, parsed by the type that it is for.
    mutating func parsed<Value: SpecText>(_ node: SpecNode, path: String) -> Value? {
        guard let text = text(node, path: path) else { return nil }
        do throws(SpecValueError) {
            return try Value(parsing: text)
        } catch {
            problem(error.code, error.message, at: node, path: path, suggestion: error.suggestion)
            return nil
        }
    }

    /// One word of a fixed set. What is suggested for a wrong one is from `suggested`: of words that are known some would
    /// be refused next.
    mutating func word<Value: RawRepresentable & CaseIterable>(
        _ node: SpecNode, path: String, what: String, suggested: [Value] = Array(Value.allCases)
    ) -> Value? where Value.RawValue == String {
        guard let text = text(node, path: path) else { return nil }
        if let value = Value(rawValue: text) { return value }
        let known = suggested.map(\.rawValue)
        problem(
            "unknown-\(what)", "there is no \(what) \"\(text)\"", at: node, path: path,
            suggestion: nearest(to: text, in: known) ?? "one of " + known.joined(separator: ", "))
        return nil
    }

    /// A list of words, or one word alone, each with its place; repeated words are problems.
    mutating func words<Value: RawRepresentable & CaseIterable & Equatable>(
        _ node: SpecNode, path: String, what: String, suggested: [Value]
    ) -> [(Value, SpecNode, String)] where Value.RawValue == String {
        guard case .list(let nodes) = node.value else {
            let value: Value? = word(node, path: path, what: what, suggested: suggested)
            return value.map { [($0, node, path)] } ?? []
        }
        var values: [(Value, SpecNode, String)] = []
        for (index, node) in nodes.enumerated() {
            let place = "\(path)[\(index)]"
            guard let value: Value = word(node, path: place, what: what, suggested: suggested) else { continue }
            if values.contains(where: { $0.0 == value }) {
                problem("repeated", "\"\(value.rawValue)\" stands here twice", at: node, path: place)
            } else {
                values.append((value, node, place))
            }
        }
        return values
    }
}

extension Problem {
    /// The same with `***` for each password in it, and without the middle of a value that fills a screen.
    package var shown: Problem {
        Problem(
            path: Self.shown(path), line: line, column: column, code: code, message: Self.shown(message),
            suggestion: suggestion.map { Self.shown($0) })
    }

    private static func shown(_ text: String) -> String {
        let masked = Passwords.masked(text)
        return masked.utf8.count <= 600 ? masked : "\(masked.prefix(250))…\(masked.suffix(150))"
    }
}
