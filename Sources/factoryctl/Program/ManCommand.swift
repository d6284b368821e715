import Arguments
import FactoryProtocol
import IO

/// `factoryctl man`: writes the man pages, for those who package the program.
enum ManCommand: Subcommand {
    static let output = Option.value(
        "output", "DIR", help: "Where to write them.", accepts: .something, isRequired: true, completion: .directories)
    static let date = Option.value(
        "date", "DATE", help: "The date at their foot.", accepts: .something, default: "2026-11-25")

    static let description = CommandDescription(
        "man", "write the man pages into a directory", options: [output, date], isHidden: true)

    static func run(_ call: Call) async throws -> ExitStatus {
        guard let directory = call.invocation.value(output) else { return .usage }
        try Directory.make(directory)
        let pages = Program.description.manualPages(
            section: 1, source: Software.named("factory"), date: call.invocation.value(date) ?? "")
        for page in pages { try AtomicFile.write(Array(page.text.utf8), to: "\(directory)/\(page.fileName)") }
        return .success
    }
}
