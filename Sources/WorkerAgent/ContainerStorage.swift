import Glibc

/// Where Podman, Buildah and CRI-O keep images, and skopeo looks for them (containers-storage.conf(5)).
enum ContainerStorage {
    private static let systemFiles = ["/etc/containers/storage.conf", "/usr/share/containers/storage.conf"]
    /// Of root, unless told otherwise.
    private static let systemRoot = "/var/lib/containers/storage"

    /// The directories in which skopeo finds images.
    ///
    /// - Parameters:
    ///   - environment: What skopeo gets of ours.
    ///   - user: Who runs it.
    ///   - read: The text of a file; nil when it is not there.
    /// - Returns: Absolute paths.
    static func roots(environment: [String: String], user: uid_t, read: (String) -> String?) -> [String] {
        let home = environment["HOME"]
        let named = environment["CONTAINERS_STORAGE_CONF"]
        let system = settings((named.map { [$0] } ?? systemFiles).lazy.compactMap(read).first ?? "")
        var own = system
        var root = systemRoot
        if user != 0 {
            if named == nil { own = settings(home.flatMap { read($0 + "/.config/containers/storage.conf") } ?? "") }
            root =
                system["storage.rootless_storage_path"]?.first ?? home.map { $0 + "/.local/share/containers/storage" }
                ?? ""
        }
        let roots = [own["storage.graphroot"]?.first ?? root] + (own["storage.options.additionalimagestores"] ?? [])
        return roots.map { expanded($0, environment, user) }.filter { $0.hasPrefix("/") }
    }

    /// The strings of such a file, which is TOML, by their table and key: one of `key = "text"`, any number of
    /// `key = ["a", "b"]`, which may go over several lines.
    static func settings(_ text: String) -> [String: [String]] {
        var found: [String: [String]] = [:]
        var table = ""
        // The key of an array that goes on in the next line.
        var array: String?
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop { $0 == " " || $0 == "\t" }
            let (key, value): (String, Substring)
            if let array {
                (key, value) = (array, line)
            } else if line.first == "[" {
                table = line.dropFirst().prefix { $0 != "]" }.filter { !" \t\"".contains($0) }
                continue
            } else if line.first != "#", let equals = line.firstIndex(of: "=") {
                let name = line[..<equals].filter { !" \t\"".contains($0) }
                key = table.isEmpty ? name : table + "." + name
                value = line[line.index(after: equals)...].drop { $0 == " " || $0 == "\t" }
            } else {
                continue
            }
            let (strings, ends) = strings(in: value)
            found[key, default: []] += strings
            array = !ends && (array != nil || value.first == "[") ? key : nil
        }
        return found
    }

    /// The strings of a line, and whether a `]` stands outside of them.
    private static func strings(in line: Substring) -> (strings: [String], ends: Bool) {
        var strings: [String] = []
        var rest = line
        while let character = rest.popFirst() {
            switch character {
            case "#": return (strings, false)
            case "]": return (strings, true)
            case "\"", "'":
                var string = ""
                while let next = rest.popFirst(), next != character {
                    // A basic string has escapes, a literal one has none; in a path only these two occur.
                    if next == "\\", character == "\"", let escaped = rest.popFirst() {
                        string.append(escaped)
                    } else {
                        string.append(next)
                    }
                }
                strings.append(string)
            default: continue
            }
        }
        return (strings, false)
    }

    /// A path with `$UID`, and `$NAME` or `${NAME}` of the environment; what is not set is empty.
    static func expanded(_ path: String, _ environment: [String: String], _ user: uid_t) -> String {
        var result = ""
        var rest = path[...]
        while let character = rest.popFirst() {
            guard character == "$" else {
                result.append(character)
                continue
            }
            let isBraced = rest.first == "{"
            if isBraced { rest = rest.dropFirst() }
            let name = rest.prefix { $0 == "_" || $0.isASCII && ($0.isLetter || $0.isNumber) }
            rest = rest.dropFirst(name.count)
            if isBraced, rest.first == "}" { rest = rest.dropFirst() }
            result += name == "UID" ? "\(user)" : environment[String(name)] ?? ""
        }
        return result
    }
}
