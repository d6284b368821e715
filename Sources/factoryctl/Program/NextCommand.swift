import Arguments

/// The commands that the program tells its user to type next. They name the farm as the user did on the command line, so
/// that they can be copied.
struct NextCommand: Sendable, Equatable {
    /// `factoryctl`, or `factoryctl --root /srv/farm`.
    let program: String

    /// For a farm that was not named on the command line: the shell has the same environment for the next command.
    static let plain = NextCommand(program: "factoryctl")

    init(program: String) { self.program = program }

    /// With the `--root` or `--socket` of a command line.
    init(_ invocation: Invocation) {
        let given = FarmOptions.all.flatMap { option -> [String] in
            guard invocation.origin(option) == .commandLine, let value = invocation.value(option) else { return [] }
            return ["--\(option.name)", Self.quoted(value)]
        }
        self.init(program: (["factoryctl"] + given).joined(separator: " "))
    }

    /// The command line with these words behind the program.
    func callAsFunction(_ words: String) -> String { "\(program) \(words)" }

    /// A command that the farm proposes, which does not know how its user names it; other text as it is.
    func adopted(_ text: String) -> String {
        text.hasPrefix("factoryctl ") ? self(String(text.dropFirst("factoryctl ".count))) : text
    }

    /// A word as a POSIX shell reads it back.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "/._-:+@%,".utf8.contains(byte)
            }
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
