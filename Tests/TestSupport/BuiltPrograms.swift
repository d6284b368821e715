import Glibc

/// The programs of this build, as `swift test` puts them beside the tests.
package enum BuiltPrograms {
    /// The path of a program of ours.
    package static func path(_ name: String) -> String { directory + "/" + name }

    /// The directory of the running test program.
    private static let directory: String = {
        guard let resolved = realpath("/proc/self/exe", nil) else { return "." }
        defer { free(resolved) }
        let own = String(cString: resolved)
        return own.lastIndex(of: "/").map { String(own[..<$0]) } ?? "."
    }()
}
