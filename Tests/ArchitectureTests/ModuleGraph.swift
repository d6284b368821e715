import FoundationEssentials
import IO
import JSON
import Processes
import Testing

/// Which module imports which: as SwiftPM says, and as docs/architecture.md says.
struct ModuleGraph: Equatable {
    struct Module: Equatable {
        var path: String
        var imports: Set<String>
        /// Only the document knows floors.
        var floor = 0
    }

    var modules: [String: Module]

    private struct Description: Decodable {
        var targets: [Target]
        struct Target: Decodable {
            var name: String
            var path: String
            var type: String
            var dependencies: [String]?

            enum CodingKeys: String, CodingKey {
                case name
                case path
                case type
                case dependencies = "target_dependencies"
            }
        }
    }

    /// Asks SwiftPM. A scratch folder of its own, because the running `swift test` holds the lock of the usual one.
    static func ofPackage() async throws -> ModuleGraph {
        let scratch = "/tmp/architecture-\(UInt64.random(in: 0...UInt64.max))"
        defer { try? FileManager.default.removeItem(atPath: scratch) }  // may not have been made
        let command = Command(
            "swift",
            ["package", "--package-path", Repository.root, "--scratch-path", scratch, "describe", "--type", "json"],
            environment: ProcessInfo.processInfo.environment)
        let output = try await command.text(limit: 8 << 20, until: .in(.seconds(120)))
        let start = try #require(output.firstIndex(of: "{"))
        let description = try StrictJSON.decode(Description.self, from: [UInt8](output[start...].utf8))
        let shipped = description.targets.filter { target in
            target.type != "test" && (target.path.hasPrefix("Sources/") || target.path == "migrations")
        }
        let names = Set(shipped.map(\.name))
        return ModuleGraph(
            modules: Dictionary(
                uniqueKeysWithValues: shipped.map {
                    ($0.name, Module(path: $0.path, imports: names.intersection($0.dependencies ?? [])))
                }))
    }

    /// Reads the table: `| floor | `module` | `folder` | `import` … | what |`.
    static func ofDocument() throws -> ModuleGraph {
        var modules: [String: Module] = [:]
        for (number, line) in try Repository.lines("docs/architecture.md") {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingPrefix(while: \.isWhitespace) }
            guard cells.count == 7, let floor = Int(cells[1].filter(\.isNumber)), cells[2].hasPrefix("`") else {
                continue
            }
            let name = try #require(words(cells[2]).first, "line \(number)")
            let path = try #require(words(cells[3]).first, "line \(number)")
            #expect(modules[name] == nil, "line \(number): \(name) is listed twice")
            modules[name] = Module(path: path, imports: Set(words(cells[4])), floor: floor)
        }
        return ModuleGraph(modules: modules)
    }

    /// The words between backticks.
    private static func words(_ cell: Substring) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .filter { !$0.offset.isMultiple(of: 2) }
            .map { String($0.element) }
    }

    /// A module that imports itself over others, if there is one: the way round.
    func circle() -> [String]? {
        var finished: Set<String> = []
        func visit(_ name: String, _ way: [String]) -> [String]? {
            if let start = way.firstIndex(of: name) { return Array(way[start...]) + [name] }
            if finished.contains(name) { return nil }
            for next in (modules[name]?.imports ?? []).sorted() {
                if let circle = visit(next, way + [name]) { return circle }
            }
            finished.insert(name)
            return nil
        }
        for name in modules.keys.sorted() {
            if let circle = visit(name, []) { return circle }
        }
        return nil
    }
}
