/// A program to run: what, with which words, where, and what its descriptors are.
///
/// The environment is exactly the one given and the umask is 022: nothing of ours leaks into a tool. Running is in
/// `Command+Run.swift`.
package struct Command: Sendable {
    /// What the program reads on descriptor 0.
    package enum Input: Sendable {
        /// `/dev/null`.
        case nothing
        /// These bytes, from memory.
        case bytes([UInt8])
        /// A file, opened for reading.
        case file(String)
        /// A descriptor of ours, which stays ours.
        case descriptor(Int32)
    }

    /// Where descriptor 1 of the program goes.
    package enum Output: Sendable {
        /// Line by line to the caller.
        case lines
        /// `/dev/null`.
        case discarded
        /// A file, made or emptied.
        case file(String)
        /// A descriptor of ours, which stays ours.
        case descriptor(Int32)
    }

    /// Where descriptor 2 of the program goes.
    package enum Errors: Sendable {
        /// Where standard output goes: one pipe keeps the order of what was said.
        case withOutput
        /// Line by line to the caller, through a pipe of their own (`OutputLine.Source.error`).
        case lines
        /// `/dev/null`.
        case discarded
    }

    /// The size of a terminal that a program is made to believe in.
    package struct Terminal: Sendable {
        package var rows: Int
        package var columns: Int

        /// A terminal of this size. Zero columns hide mksquashfs' progress bar.
        package init(rows: Int = 50, columns: Int = 200) {
            self.rows = rows
            self.columns = columns
        }
    }

    /// An absolute path, or a bare name that is looked up in `PATH` of `environment`, inside `root` where one is given.
    package var executable: String
    /// The arguments, without the program's own name.
    package var arguments: [String]
    /// The whole environment.
    package var environment: [String: String]
    /// The working directory, seen from inside `root`; without one, that of the caller (or `/` inside `root`).
    package var directory: String?
    /// A directory that becomes `/` for the program, in a mount namespace of its own in which nothing else is mounted
    /// (pivot_root(2), needs the right to), and with the capabilities that a container's programs usually have: it can
    /// neither mount nor trace nor leave.
    package var root: String?
    package var standardInput: Input
    package var standardOutput: Output = .lines
    package var standardError: Errors = .withOutput
    /// A descriptor number, 3 or more, on which the tool tells its progress: its lines arrive with
    /// `OutputLine.Source.status`. For apt: `-o APT::Status-Fd=3`.
    package var statusDescriptor: Int32?
    /// Gives the program a terminal as descriptors 1 and 2, for tools that show progress only there.
    package var terminal: Terminal?
    /// More descriptors: the number in the program, 3 or more, to ours, which stays ours.
    package var descriptors: [Int32: Int32] = [:]
    /// Namespaces of its own.
    package var namespaces: Namespaces = []
    /// Longest line handed out, in bytes; the rest is counted in `OutputLine.dropped`.
    package var lineLimit = 64 * 1024
    /// How long the program may take to end after TERM, before its process group gets KILL.
    package var grace: Duration = .seconds(10)

    /// A command with one pipe for output and errors.
    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = Command.plainEnvironment,
        directory: String? = nil, root: String? = nil, standardInput: Input = .nothing
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.root = root
        self.standardInput = standardInput
    }

    /// The environment that tools get unless told otherwise: the usual search path, and messages in English and UTF-8.
    package static let plainEnvironment = [
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LC_ALL": "C.UTF-8",
    ]

    /// The command as a shell would take it, for logs and error messages.
    package var shellText: String {
        ([executable] + arguments).map(Self.quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let plain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_./:=,+@%^".utf8.contains(byte)
            }
        }
        if plain && !word.isEmpty { return word }
        var text = "'"
        for character in word { text += character == "'" ? "'\\''" : String(character) }
        return text + "'"
    }

    /// The paths to try, in order.
    var candidates: [String] {
        if executable.utf8.contains(UInt8(ascii: "/")) { return [executable] }
        let path = environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").map { "\($0)/\(executable)" }
    }
}
