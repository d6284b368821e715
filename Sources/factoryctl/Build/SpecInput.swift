import Arguments
import FactoryProtocol
import FactorySpec
import IO
import JSON
import YAML

/// The description that a user hands in, from a file, the standard input and options, read and validated.
struct SpecInput: Sendable {
    /// What was read, with every default filled in.
    let spec: BuildSpec
    /// The same as it travels.
    let json: JSONValue

    /// More is no description.
    private static let limit = 1 << 20

    /// Reads what the options name.
    ///
    /// - Throws: ``SpecProblems`` with everything that is wrong; ``CommandError`` when a file cannot be read.
    static func read(_ invocation: Invocation) async throws -> SpecInput {
        var config: String?
        if let path = invocation.value(SpecOptions.cloudConfig) { config = try text(of: path, await bytes(of: path)) }
        let options = SpecOptions.entries(invocation, cloudConfig: config)
        let file = invocation.value(SpecOptions.file) ?? invocation.argument(SpecOptions.place)
        if invocation.value(SpecOptions.file) != nil, invocation.argument(SpecOptions.place) != nil {
            throw invocation.conflict("the description is named twice, by --file and by its place")
        }
        guard let file else {
            guard !options.isEmpty else {
                throw CommandError(
                    .usage, "nothing says what to build",
                    hint: NextCommand(invocation)(
                        invocation.path.joined(separator: " ")
                            + " --base distro:debian/bookworm --version v1.0.0, or -f FILE"))
            }
            return try read(SpecNode(.map(options)), source: SpecSource(name: "the command line", text: []))
        }
        let text = try await bytes(of: file)
        let source = SpecSource(name: file == "-" ? "standard input" : file, text: text)
        return try read(merged(try parsed(text, source), options), source: source)
    }

    private static func parsed(_ text: [UInt8], _ source: SpecSource) throws -> SpecNode {
        do throws(YAMLError) {
            return SpecNode(yaml: try Node.parse(text))
        } catch {
            throw SpecProblems(problems: [Problem(error)], source: source)
        }
    }

    /// Options win over the keys of the file.
    private static func merged(_ node: SpecNode, _ options: [SpecNode.Entry]) -> SpecNode {
        guard case .map(let entries) = node.value, !options.isEmpty else { return node }
        let given = Set(options.map(\.key))
        return SpecNode(
            .map(entries.filter { !given.contains($0.key) } + options), line: node.line, column: node.column)
    }

    private static func read(_ node: SpecNode, source: SpecSource) throws -> SpecInput {
        do throws(SpecError) {
            let spec = try BuildSpec.read(node)
            return SpecInput(spec: spec, json: node.json)
        } catch {
            throw SpecProblems(problems: error.problems, source: source)
        }
    }

    private static func bytes(of path: String) async throws -> [UInt8] {
        do throws(IOError) {
            if path == "-" { return try await StandardInput.read(limit: limit) }
            return try FileIO.read(path, limit: limit)
        } catch {
            throw CommandError(.usage, "the file '\(path)' cannot be read: \(error)")
        }
    }

    private static func text(of path: String, _ bytes: [UInt8]) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.usage, "the file '\(path)' is not UTF-8 text")
        }
        return text
    }
}

extension SpecNode {
    /// The description as it travels; places are not sent.
    fileprivate var json: JSONValue {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value)
        case .number(let value): .number(value)
        case .string(let text): .string(text)
        case .list(let nodes): .array(nodes.map(\.json))
        // The keys are unique: whoever reads a map refuses others.
        case .map(let entries): .object(Dictionary(entries.map { ($0.key, $0.node.json) }, uniquingKeysWith: { $1 }))
        }
    }
}
