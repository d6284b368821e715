package import IO

/// A message as docs/protocol.md shows it.
package struct ProtocolExample: Sendable, CustomStringConvertible {
    /// The heading: the type, and who says it to whom.
    package let heading: String
    /// The message.
    package let json: String

    package init(heading: String, json: String) { (self.heading, self.json) = (heading, json) }

    package var description: String { heading }

    /// All examples of the document, in its order.
    package static func all() throws(IOError) -> [ProtocolExample] {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let text = try FileIO.readText("/\(root)/docs/protocol.md", limit: 1 << 20)
        var found: [ProtocolExample] = []
        var heading = ""
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("### ") {
                heading = String(line.dropFirst(4))
            } else if line == "```json" {
                isInside = true
            } else if line == "```" {
                isInside = false
            } else if isInside {
                found.append(ProtocolExample(heading: heading, json: String(line)))
            }
        }
        return found
    }

    /// The example with one number replaced by another, for each of its numbers and each of these.
    package func replacingEachNumber(with numbers: [Int64]) -> [String] {
        Self.numbers(of: json).flatMap { place in
            numbers.map { json.replacingCharacters(of: place, with: "\($0)") }
        }
    }

    /// Where the numbers of a JSON text are.
    private static func numbers(of json: String) -> [Range<String.Index>] {
        var found: [Range<String.Index>] = []
        var isString = false
        var index = json.startIndex
        while index < json.endIndex {
            let character = json[index]
            if isString, character == "\\" {
                index = json.index(index, offsetBy: 2, limitedBy: json.endIndex) ?? json.endIndex
                continue
            }
            if character == "\"" { isString.toggle() }
            if !isString, character.isASCII, character.isNumber || character == "-" {
                let end = json[index...].firstIndex { !"0123456789.eE+-".contains($0) } ?? json.endIndex
                found.append(index..<end)
                index = end
            } else {
                index = json.index(after: index)
            }
        }
        return found
    }
}

extension String {
    fileprivate func replacingCharacters(of place: Range<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(place, with: text)
        return copy
    }
}
