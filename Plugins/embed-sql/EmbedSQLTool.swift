import FoundationEssentials

/// `embed-sql OUTPUT.swift FOLDER` writes the folder's `.sql` files as one array of raw string literals.
@main struct EmbedSQLTool {
    static func main() throws {
        let arguments = CommandLine.arguments
        precondition(arguments.count == 3, "usage: embed-sql OUTPUT.swift FOLDER")
        let folder = arguments[2]
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".sql") }.sorted()
        var text = "let embeddedMigrations: [(name: String, sql: String)] = [\n"
        for name in names {
            let sql = String(decoding: try Data(contentsOf: URL(filePath: folder + "/" + name)), as: UTF8.self)
            var hashes = "#"
            while sql.contains("\"\"\"" + hashes) || sql.contains("\\" + hashes) { hashes += "#" }
            text += "    (\"\(name.dropLast(4))\", \(hashes)\"\"\"\n\(sql)\n\"\"\"\(hashes)),\n"
        }
        try Data((text + "]\n").utf8).write(to: URL(filePath: arguments[1]), options: .atomic)
    }
}
