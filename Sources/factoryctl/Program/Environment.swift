import Glibc

/// The environment of the process.
enum Environment {
    /// All variables whose names and values are UTF-8; of two of one name the first counts, as for getenv(3).
    static func all() -> [String: String] {
        var found: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            if let line = String(validatingCString: text), let equals = line.firstIndex(of: "=") {
                let name = String(line[..<equals])
                if found[name] == nil { found[name] = String(line[line.index(after: equals)...]) }
            }
            entry += 1
        }
        return found
    }
}
