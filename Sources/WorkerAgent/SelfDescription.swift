import Arguments
import IO

/// What the program says of itself for others: completion scripts and man pages, for those who package it.
enum SelfDescription {
    /// The date of the release, at the foot of the pages.
    private static let date = "2026-11-25"

    /// Whether one of them is asked for; it is written then.
    ///
    /// - Throws: ``IOError`` when it cannot be written.
    static func isWanted(_ invocation: Invocation) throws -> Bool {
        switch invocation.path.last {
        case WorkerCommand.completion.name:
            let shell = invocation.argument(WorkerCommand.shell).flatMap(Shell.init)
            if let shell { Console.print(WorkerCommand.top.completionScript(for: shell)) }
            return true
        case WorkerCommand.man.name:
            let directory = invocation.argument(WorkerCommand.pages) ?? "."
            try Directory.make(directory)
            let pages = WorkerCommand.top.manualPages(section: 8, source: FactoryWorker.software, date: date)
            for page in pages { try AtomicFile.write(Array(page.text.utf8), to: "\(directory)/\(page.fileName)") }
            return true
        default: return false
        }
    }
}
