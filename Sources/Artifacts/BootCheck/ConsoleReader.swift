import FactoryExecution
import FactoryProtocol
import IO

/// Reads a booting machine's console: every line goes to the log file, to the step and to the watch that decides.
struct ConsoleReader {
    /// Why reading stopped.
    enum Stop: Sendable {
        /// The watch has decided.
        case decided
        /// Nobody writes to the console any more.
        case endOfConsole
    }

    /// How long is read on after a failure: what a panic or a shell has to say comes after the first word.
    private static let settling = Duration.seconds(3)
    private static let chunk = 64 << 10

    let console: Descriptor
    let log: Descriptor
    let step: StepReport
    private(set) var watch = ConsoleWatch()
    private(set) var failed = FailedUnits()
    private var text = ConsoleText()

    init(console: Descriptor, log: Descriptor, step: StepReport) {
        self.console = console
        self.log = log
        self.step = step
    }

    /// Reads until the boot is decided, the time is over, or the console has ended.
    ///
    /// - Throws: `.cancelled`, and the errors of writing the log.
    mutating func read(until deadline: Deadline) async throws(IOError) -> Stop {
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
            try FileIO.write(Array((line + "\n").utf8), to: log)
            step.log(line)
            failed.line(line)
            react(watch.line(line))
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
