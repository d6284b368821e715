import Foundation
import PackagePlugin

/// Makes Swift string literals of the target's `.sql` files before it is compiled.
@main struct EmbedSQL: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { $0.pathExtension == "sql" }
            .sorted { $0.lastPathComponent < $1.lastPathComponent }
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedMigrations.swift")
        return [
            // The folder is an input too: without it a new file would not be noticed.
            .buildCommand(
                displayName: "Embedding \(files.count) migrations",
                executable: try context.tool(named: "embed-sql").url,
                arguments: [output.path, folder.path], inputFiles: [folder] + files, outputFiles: [output])
        ]
    }
}
