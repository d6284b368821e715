import IO
import Spelling
import YAML

/// A program's settings in a YAML file: one map from the long names of its options to their values.
package enum ConfigurationFile {
    /// The longest file taken, in bytes.
    private static let limit = 256 * 1024

    /// Reads the file at `path`, as the values by long name that a command line's parser asks last. `known` are the
    /// names that may stand in it; `mayBeMissing` is true for the place where the file is looked for when nobody named one.
    package static func read(
        _ path: String, known: [String], mayBeMissing: Bool
    ) throws(ConfigurationError) -> [String: [String]] {
        let bytes: [UInt8]
        do throws(IOError) {
            bytes = try FileIO.read(path, limit: limit)
        } catch {
            if mayBeMissing, error.code == .notFound { return [:] }
            throw ConfigurationError(code: .unreadable, message: "\(error)")
        }
        let node: Node
        do throws(YAMLError) {
            node = try Node.parse(bytes)
        } catch {
            // A file of comments only sets nothing.
            if error.code == .empty { return [:] }
            throw ConfigurationError(code: .syntax, message: "\(path):\(error)")
        }
        return try values(of: node, path: path, known: known)
    }

    private static func values(
        of node: Node, path: String, known: [String]
    ) throws(ConfigurationError) -> [String: [String]] {
        switch node.value {
        case .null: return [:]
        case .map(let entries):
            var found: [String: [String]] = [:]
            for entry in entries {
                guard known.contains(entry.key) else {
                    let near = nearest(to: entry.key, in: known)
                    throw ConfigurationError(
                        code: .unknownKey,
                        message: "\(path):\(entry.keyMark): there is no setting '\(entry.key)'"
                            + (near.map { "; did you mean '\($0)'?" } ?? "; there are \(known.joined(separator: ", "))")
                    )
                }
                found[entry.key] = try texts(of: entry.value, key: entry.key, path: path)
            }
            return found
        case .bool, .int, .double, .string, .list:
            throw ConfigurationError(
                code: .badValue, message: "\(path):\(node.mark): the file must be a map of settings, 'name: value'")
        }
    }

    private static func texts(of node: Node, key: String, path: String) throws(ConfigurationError) -> [String] {
        switch node.value {
        case .bool(let value): return [value ? "true" : "false"]
        // As it is written: a version 1.10 is not the number 1.1.
        case .int(let value): return [node.source ?? "\(value)"]
        case .double(let value): return [node.source ?? "\(value)"]
        case .string(let text): return [text]
        case .list(let nodes):
            var all: [String] = []
            for node in nodes { all += try texts(of: node, key: key, path: path) }
            return all
        case .null, .map:
            throw ConfigurationError(
                code: .badValue, message: "\(path):\(node.mark): '\(key)' needs a value: text, a number or a list")
        }
    }
}
