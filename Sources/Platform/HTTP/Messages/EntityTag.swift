/// Entity tags and the fields that compare them (RFC 9110 section 8.8.3 and 13.1).
enum EntityTag {
    /// `"tag"`, as a strong tag is written.
    static func quoted(_ tag: String) -> String { "\"\(tag)\"" }

    /// Whether a list of tags, or `*`, names this one. `strong` refuses weak tags, as If-Match does.
    static func list(_ values: [String], names tag: String, strong: Bool) -> Bool {
        values.joined(separator: ",").split(separator: ",").contains { member in
            var member = member.drop { $0 == " " || $0 == "\t" }
            while member.last == " " || member.last == "\t" { member.removeLast() }
            if member == "*" { return true }
            if member.hasPrefix("W/") {
                if strong { return false }
                member = member.dropFirst(2)
            }
            return member == quoted(tag)
        }
    }
}
