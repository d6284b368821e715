import FactoryExecution
import FactoryProtocol
import Glibc
import IO
import Processes

/// One boot of one machine, from power-on until its console has decided.
struct BootSession {
    /// The number under which QEMU inherits the console's pipe.
    private static let consoleNumber: Int32 = 3
    /// How many of QEMU's own lines are remembered.
    private static let rememberedWords = 20

    /// What a boot showed.
    struct Account: Sendable {
        var outcome: BootOutcome
        /// The console's last lines.
        var excerpt: [String]
        /// QEMU's own last words, when it ended by itself.
        var machineWords: [String]
        var milliseconds: Int64
        /// Units of the guest that failed.
        var failedUnits: [String]
    }

    var machine: GuestMachine
    /// How long the boot may take.
    var limit: Duration
    /// The file that the console's lines go to.
    var log: String
    var step: StepReport

    /// Boots, and switches the machine off when its console has decided.
    ///
    /// - Throws: `JobFailure` when QEMU cannot be started or the log cannot be written; `CancellationError`.
    func run() async throws -> Account {
        let begin = ContinuousClock.now
        do {
            let (console, toConsole) = try Descriptor.pipe()
            let file = try FileIO.open(log, O_WRONLY | O_CREAT | O_TRUNC)
            var reader = ConsoleReader(console: console, log: file, step: step)
            var machineWords: [String] = []
            try await withThrowingTaskGroup(of: PowerOff.self) { group in
                group.addTask { try await powerOn(console: toConsole) }
                if case .endOfConsole = try await reader.read(until: .in(limit)) {
                    let end = try await group.next()
                    reader.machineEnded(cleanly: end?.status == .exited(0))
                    machineWords = end?.words ?? []
                }
                group.cancelAll()
            }
            guard let outcome = reader.watch.outcome else {
                throw JobFailure(.internal, "undecided", "the console of the boot check ended without a decision")
            }
            let (seconds, attoseconds) = (ContinuousClock.now - begin).components
            return Account(
                outcome: outcome, excerpt: reader.watch.excerpt, machineWords: machineWords,
                milliseconds: seconds * 1000 + attoseconds / 1_000_000_000_000_000,
                failedUnits: reader.failed.names)
        } catch let error as IOError {
            if error.code == .cancelled { throw CancellationError() }
            throw Tool.failure(error)
        }
    }

    /// How QEMU ended; no status when it was ended because the boot was decided.
    private struct PowerOff: Sendable {
        var status: ProcessStatus?
        var words: [String]
    }

    private func powerOn(console: Descriptor) async throws -> PowerOff {
        // The last writing end: with it closed the reader sees the end of the console.
        defer { console.close() }
        let number = Self.consoleNumber
        var command = Command(
            GuestMachine.program(machine.architecture),
            machine.arguments + ["-add-fd", "fd=\(number),set=1"])
        command.descriptors = [number: console.rawValue]
        step.log("$ " + command.shellText)
        var words = RecentLines(Self.rememberedWords)
        do {
            let status = try await command.run { line in
                words.add(line.text)
                step.log("qemu: " + line.text)
            }
            return PowerOff(status: status, words: words.lines)
        } catch  where error.code == .cancelled {
            return PowerOff(status: nil, words: words.lines)
        } catch {
            throw Tool.failure(error)
        }
    }
}
