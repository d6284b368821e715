/// The source files and what stands in them.
enum Sources {
    static func files() throws -> [String] {
        try Repository.files("Sources", suffix: ".swift") + Repository.files("migrations", suffix: ".swift")
    }

    /// The modules that a file imports, whatever the visibility of the import.
    static func imports(of file: String) throws -> [String] {
        try Repository.lines(file).compactMap { line in
            let words = line.text.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at <= 2, words.count > at + 1 else { return nil }
            guard words[..<at].allSatisfy({ $0.hasPrefix("@") || $0 == "package" || $0 == "public" }) else {
                return nil
            }
            let kinds = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
            let name = kinds.contains(String(words[at + 1])) ? at + 2 : at + 1
            guard words.count > name else { return nil }
            return words[name].split(separator: ".").first.map(String.init)
        }
    }

    /// A line without what stands in it as comment.
    static func code(_ line: Substring) -> Substring {
        guard let comment = line.firstRange(of: "//") else { return line }
        return line[..<comment.lowerBound]
    }
}
