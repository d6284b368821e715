import FactorySpec
import JSON

/// Passwords in what an older release stored; now a description with one is refused. Everybody on the farm may read lists.
enum StoredPasswords {
    /// A build's title, which names its base.
    static func masked(title: String) -> String { Passwords.masked(title) }

    /// A description. What stands in its other fields is no URL of the farm's, and stays as its user wrote it.
    static func masked(spec: JSONValue) -> JSONValue {
        guard case .object(var fields) = spec else { return spec }
        for key in ["base", "mirror"] {
            // A local store has an @ of its own, before the id of an image.
            guard case .string(let text) = fields[key], !text.hasPrefix("containers-storage:") else { continue }
            fields[key] = .string(Passwords.masked(value: text))
        }
        return .object(fields)
    }
}
