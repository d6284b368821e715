import Arguments
import IO

/// What the program says of itself for others: completion scripts and its man page, for those who package it.
enum SelfDescription {
    static let completion = Option.value(
        "completion", "SHELL", help: "Print a completion script for a shell, and end.",
        accepts: .choice(Shell.allCases.map(\.rawValue)), isHidden: true)
    static let man = Option.value(
        "man", "DIR", help: "Write the man page into a directory, and end.", accepts: .something, isHidden: true)

    /// For the command line alone.
    static let options = [completion, man]

    /// The date of the release, at the foot of the page.
    private static let date = "2026-11-25"

    /// Whether one of them is asked for; it is written then.
    ///
    /// - Throws: ``IOError`` when it cannot be written.
    static func isWanted(_ invocation: Invocation) throws -> Bool {
        if let shell = invocation.value(completion).flatMap(Shell.init) {
            print(DaemonOptions.description.completionScript(for: shell), terminator: "")
            return true
        }
        guard let directory = invocation.value(man) else { return false }
        try Directory.make(directory)
        for page in DaemonOptions.description.manualPages(section: 8, source: Daemon.software, date: date) {
            try AtomicFile.write(Array(page.text.utf8), to: "\(directory)/\(page.fileName)")
        }
        return true
    }
}
