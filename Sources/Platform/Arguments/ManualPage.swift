/// A man page of a command in roff with the man macros (`man 7 groff_man`).
package struct ManualPage: Sendable {
    /// The name of the file: `factoryctl-submit.1`.
    package let fileName: String
    /// The text of the file.
    package let text: String

    /// - Parameters:
    ///   - reach: The command and the way to it.
    ///   - section: The section of the manual, 1 for commands and 8 for daemons.
    ///   - source: What the page belongs to, such as `factory 0.1.0`.
    ///   - date: The date of the page, as `2026-11-25`.
    init(_ reach: Reach, section: Int, source: String, date: String) {
        let command = reach.command
        fileName = "\(reach.dashed).\(section)"
        var lines = [
            ".TH \(Self.quoted(reach.dashed.uppercased())) \(section) \(Self.quoted(date)) \(Self.quoted(source))",
            // No hyphenation, flush left: what is to be typed must not be broken or stretched.
            ".nh", ".ad l",
            ".SH NAME", "\(Self.escaped(reach.dashed)) \\- \(Self.escaped(command.summary))",
            ".SH SYNOPSIS",
            "\\fB\(Self.escaped(reach.chain.map(\.name).joined(separator: " ")))\\fR "
                + Self.escaped(Self.synopsis(reach)),
            ".SH DESCRIPTION",
        ]
        let text = command.discussion.isEmpty ? command.summary + "." : command.discussion
        for (index, paragraph) in Wrapping.paragraphs(text).enumerated() {
            if index > 0 { lines.append(".PP") }
            lines += Wrapping.lines(paragraph, width: 100).map(Self.line)
        }
        if !reach.subcommands.isEmpty {
            lines.append(".SH COMMANDS")
            for below in reach.subcommands { lines += Self.item(below.name, below.summary + ".") }
        }
        if !command.positionals.isEmpty {
            lines.append(".SH ARGUMENTS")
            for positional in command.positionals { lines += Self.item(positional.spelling, HelpText.full(positional)) }
        }
        lines.append(".SH OPTIONS")
        for option in reach.options {
            lines += Self.item(option.spelling.trimmingPrefix("    "), HelpText.full(option))
        }
        lines += Self.item("-h, --help", "Print a help text.")
        if reach.path.isEmpty { lines += Self.item("--version", "Print the version.") }
        if !command.exitStatuses.isEmpty {
            lines.append(".SH EXIT STATUS")
            for status in command.exitStatuses { lines += Self.item(String(status.status), status.says + ".") }
        }
        if !command.examples.isEmpty {
            lines.append(".SH EXAMPLES")
            for example in command.examples { lines += Self.item(example.line, example.says + ".") }
        }
        let others =
            [reach.chain.dropLast()].filter { !$0.isEmpty }.map { Reach(chain: Array($0)).dashed }
            + reach.subcommands.map { Reach(chain: reach.chain + [$0]).dashed }
        if !others.isEmpty {
            lines.append(".SH SEE ALSO")
            lines.append(others.map { "\\fB\(Self.escaped($0))\\fR(\(section))" }.joined(separator: ",\n"))
        }
        self.text = lines.joined(separator: "\n") + "\n"
    }

    private static func synopsis(_ reach: Reach) -> String {
        let required = reach.command.options.filter { $0.isRequired && !$0.isHidden }
            .map { "--\($0.name) \($0.valueName ?? "")" }
        let rest = reach.subcommands.isEmpty ? reach.command.positionals.map(\.spelling) : ["COMMAND"]
        return (required + ["[options]"] + rest).joined(separator: " ")
    }

    private static func item(_ tag: some StringProtocol, _ text: String) -> [String] {
        [".TP", "\\fB\(escaped(tag))\\fR"] + Wrapping.lines(text, width: 100).map(line)
    }

    /// A line that begins with a dot or an apostrophe would be a request.
    private static func line(_ text: String) -> String {
        let escaped = escaped(text)
        return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
    }

    private static func quoted(_ text: String) -> String { "\"\(escaped(text).replacing("\"", with: "\\(dq"))\"" }

    /// Dashes as they are typed, and everything beyond ASCII by its code point.
    private static func escaped(_ text: some StringProtocol) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\e"
            case "-": result += "\\-"
            case "'": result += "\\(aq"
            case "`": result += "\\(ga"
            case "^": result += "\\(ha"
            case "~": result += "\\(ti"
            case _ where scalar.isASCII: result.unicodeScalars.append(scalar)
            default:
                let code = String(scalar.value, radix: 16, uppercase: true)
                result += "\\[u\(String(repeating: "0", count: max(0, 4 - code.count)))\(code)]"
            }
        }
        return result
    }
}
