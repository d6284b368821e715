/// Where the programs of Kairos (agent, immucore, …) come from.
package enum Components: Sendable, Hashable, CustomStringConvertible {
    /// None: the image boots live and can be neither installed nor upgraded.
    case none
    /// A directory on the worker with one file a program, named as in docs/conversion.md.
    case directory(String)

    package var description: String {
        switch self {
        case .none: "none"
        case .directory(let path): "dir:" + path
        }
    }

    /// Parses `none` or `dir:/absolute/path`.
    package init(parsing text: String) throws(SpecValueError) {
        if text == "none" {
            self = .none
        } else if text.hasPrefix("dir:") {
            let path = String(text.dropFirst(4))
            guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw SpecValueError(
                    "bad-components", "\"\(text)\" does not name a directory by an absolute path",
                    suggestion: "dir:/srv/kairos-components")
            }
            self = .directory(path)
        } else {
            throw SpecValueError(
                "unknown-components", "\"\(text)\" is no source of components",
                suggestion: "none or dir:/absolute/path")
        }
    }
}
