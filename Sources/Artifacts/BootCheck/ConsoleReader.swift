package import FactoryExecution
import FactoryProtocol
package import IO

/// Reads a booting machine's console: every line goes to the log file, to the step and to the watch that decides.
package struct ConsoleReader {
    /// Why reading stopped.
    package enum Stop: Sendable {
        /// The watch has decided.
        case decided
        /// Nobody writes to the console any more.
        case endOfConsole
    }

    /// How long is read on after a failure: what a panic or a shell has to say comes after the first word.
    private static let settling = Duration.seconds(3)
    private static let chunk = 64 << 10
    /// How much of a console the log file holds, in bytes: a guest prints as much as it likes.
    package static let standardLimit = 16 << 20

    let console: Descriptor
    let log: Descriptor
    let step: StepReport
    package private(set) var watch = ConsoleWatch()
    package private(set) var failed = FailedUnits()
    private var text = ConsoleText()
    private let limit: Int
    /// How much the log file holds, but for the note that closes it.
    private var written = 0
    private var isFull = false

    /// Reads `console`. Its lines go to the file `log`, up to `limit` bytes of them, and to `step`.
    package init(console: Descriptor, log: Descriptor, step: StepReport, limit: Int = standardLimit) {
        self.console = console
        self.log = log
        self.step = step
        self.limit = limit
    }

    /// Reads until the boot is decided, the time is over, or the console has ended.
    ///
    /// - Throws: `.cancelled`, and the errors of writing the log.
    package mutating func read(until deadline: Deadline) async throws(IOError) -> Stop {
        tell(.firmware)
        var end = deadline
        while true {
            let bytes: [UInt8]
            do {
                bytes = try await console.read(upTo: Self.chunk, until: end)
            } catch  where error.code == .timedOut {
                _ = watch.timeOver()
                return .decided
            }
            if bytes.isEmpty {
                try take(text.finish())
                return watch.outcome == nil ? .endOfConsole : .decided
            }
            let undecided = watch.outcome == nil
            try take(text.append(bytes))
            react(watch.unfinished(text.unfinished))
            switch watch.outcome {
            case .passed: return .decided
            case .failed where undecided: end = min(deadline, .in(Self.settling))
            case .failed, nil: break
            }
        }
    }

    /// QEMU ended before the console had decided.
    mutating func machineEnded(cleanly: Bool) {
        _ = watch.machineEnded(cleanly: cleanly)
    }

    private mutating func take(_ lines: [String]) throws(IOError) {
        for line in lines {
            try keep(line)
            step.log(line)
            failed.line(line)
            react(watch.line(line))
        }
    }

    /// Puts a line into the log file. The first one that does not fit ends the file with a note.
    private mutating func keep(_ line: String) throws(IOError) {
        guard !isFull else { return }
        let bytes = Array((line + "\n").utf8)
        isFull = bytes.count > limit - written
        if isFull {
            let note = "[factory: the console printed more than \(limit) bytes; the rest is not kept]\n"
            try FileIO.write(Array(note.utf8), to: log)
        } else {
            try FileIO.write(bytes, to: log)
            written += bytes.count
        }
    }

    private func react(_ event: ConsoleWatch.Event?) {
        if case .stage(let stage) = event { tell(stage) }
    }

    private func tell(_ stage: BootStage) {
        step.progress(
            done: Int64(stage.rawValue), total: Int64(BootStage.up.rawValue), unit: .items, note: stage.words)
    }
}
