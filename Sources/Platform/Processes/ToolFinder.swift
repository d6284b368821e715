import Glibc
package import IO

/// Finds the programs that the farm uses, and says which package is missing.
package struct ToolFinder: Sendable {
    /// A program that is there.
    package struct Tool: Sendable, Hashable {
        package let name: String
        /// Its absolute path.
        package let path: String
        /// The first line it prints when asked for its version; nil when it prints none.
        package let version: String?
    }

    /// The directories looked through, in order.
    package let searchPath: [String]

    /// A finder for these directories; without any, those of `Command.plainEnvironment`.
    package init(searchPath: [String]? = nil) {
        self.searchPath =
            searchPath ?? (Command.plainEnvironment["PATH"] ?? "").split(separator: ":").map(String.init)
    }

    /// The path of a program, or nil.
    package func find(_ name: String) -> String? {
        for directory in searchPath {
            let path = "\(directory)/\(name)"
            var facts = stat()
            if stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0 { return path }
        }
        return nil
    }

    /// The path of a program that must be there.
    ///
    /// - Throws: `programNotFound`, with the Debian package where it is known.
    package func require(_ name: String) throws(ProcessError) -> String {
        if let path = find(name) { return path }
        throw ProcessError(
            .programNotFound,
            "\(name) was not found in \(searchPath.joined(separator: ":"))\(ToolCatalog.installHint(for: name))")
    }

    /// A program with its version, asked from itself.
    ///
    /// - Throws: `programNotFound`, or what kept it from being asked. Its exit status does not matter: some tools end
    ///   with 1 after printing their version.
    package func inspect(_ name: String, until deadline: Deadline = .in(.seconds(10))) async throws(ProcessError)
        -> Tool
    {
        let path = try require(name)
        let arguments = ToolCatalog.entries[name]?.versionArguments ?? ["--version"]
        if arguments.isEmpty { return Tool(name: name, path: path, version: nil) }
        var version: String?
        _ = try await Command(path, arguments).run(until: deadline) { line in
            if version == nil && !line.bytes.isEmpty { version = line.text }
        }
        return Tool(name: name, path: path, version: version)
    }
}
