import FactoryProtocol
import Terminal

/// One line an event, with the time and the job in front: for pipes and the logs of CI machines.
struct PlainView: WatchView {
    private let build: BuildID
    private let unicode: Bool
    private let offsetSeconds: Int64
    private var progress = BuildProgress()
    /// When something was last said of a step, so that a log gets some lines and not hundreds.
    private var said: [String: Said] = [:]
    private let next: NextCommand
    private var warnings: WarningsSaid

    private struct Said {
        let at: Timestamp
        /// How far it was, where that was said.
        let done: Int64?
    }

    /// The shortest time between two lines about one step's progress.
    private static let pace = Duration.seconds(10)

    /// - Parameters:
    ///   - build: The build that is watched.
    ///   - unicode: Whether signs beyond ASCII may be used.
    ///   - offsetSeconds: What local time is ahead of UTC.
    ///   - next: How commands are written that come next.
    ///   - warnings: What the command has warned of before.
    init(
        build: BuildID, unicode: Bool, offsetSeconds: Int64, next: NextCommand, warnings: WarningsSaid = WarningsSaid()
    ) {
        self.warnings = warnings
        self.build = build
        self.unicode = unicode
        self.offsetSeconds = offsetSeconds
        self.next = next
    }

    mutating func feed(_ event: Event) -> [Painted] {
        guard warnings.isNews(event) else { return [] }
        let sentence = Sentence(event, progress: progress)
        let lines = sentence.map { written($0, event) } ?? other(event)
        progress.apply(event)
        return lines
    }

    mutating func notice(_ text: String) -> [Painted] { [Painted(text, .yellow)] }

    mutating func end(_ ending: WatchEnding) -> [Painted] { [Painted(ending.line(build: build, next: next))] }

    private func written(_ sentence: Sentence, _ event: Event) -> [Painted] {
        let first = head(event) + sentence.sign.painted(unicode: unicode) + Painted(" ") + sentence.text
        return [first] + sentence.details.map { head(event) + Painted("  \(unicode ? "│" : "|") \($0)") }
    }

    /// What a screen shows in other ways than as a sentence.
    private mutating func other(_ event: Event) -> [Painted] {
        switch event.kind {
        case .buildAccepted(let accepted):
            let names = accepted.jobs.map(\.name).joined(separator: ", ")
            return [
                head(event) + Painted("build \(build): \(Human.count(accepted.jobs.count, "job")): \(names)", .bold)
            ]
        case .stepStarted(let step):
            said[key(step.step, event)] = Said(at: event.at, done: nil)
            let phase = step.phase.map { " (\(Neutralized.text($0)))" } ?? ""
            return [head(event) + Painted("  \(Neutralized.text(step.title))\(phase)")]
        case .stepProgress(let progress): return self.step(progress, event)
        case .log(let line):
            // Lines of steps that run side by side need to say whose they are.
            let isAlone = (progress.job(event.job)?.running.count ?? 0) < 2
            let step = isAlone ? nil : line.step.map { progress.title(of: $0, in: event.job) + ": " }
            let text = (step ?? "") + Neutralized.text(line.text)
            return [head(event) + Painted("  \(unicode ? "│" : "|") \(text)", .dim)]
        case .jobStateChanged(let change): return state(change, event)
        case .stepFinished, .warning, .artifact, .bootResult, .buildEnded, .unknown: return []
        }
    }

    /// One line for the start of a job, one for its end, and one for why it waits. That it is ready and on its way to a
    /// worker is said by the next line.
    private func state(_ change: JobStateChanged, _ event: Event) -> [Painted] {
        let reason = change.reason.map(Neutralized.text)
        func line(_ sign: Sentence.Sign, _ text: String) -> [Painted] {
            [head(event) + sign.painted(unicode: unicode) + Painted(" \(text)", .dim)]
        }
        switch change.state {
        case .running:
            guard progress.job(event.job)?.state != .running else { return [] }
            return line(.neutral, "running" + (change.worker.map { " on \($0)" } ?? ""))
        case .waiting, .ready: return reason.map { line(.neutral, "waits: \($0)") } ?? []
        case .succeeded: return line(.good, "succeeded")
        case .leased, .failed, .cancelled, .expired: return []
        }
    }

    private mutating func step(_ step: StepProgress, _ event: Event) -> [Painted] {
        let key = key(step.step, event)
        let before = said[key] ?? Said(at: event.at, done: nil)
        // A step that is over at once says so by its end alone.
        let isLast = step.total == step.done && before.done != nil && before.done != step.done
        guard isLast || event.at.since(before.at) >= Self.pace else {
            said[key] = before
            return []
        }
        said[key] = Said(at: event.at, done: step.done)
        let note = step.noteBehind.map { "  " + Neutralized.text($0) } ?? ""
        return [head(event) + Painted("  \(progress.title(of: step.step, in: event.job)): \(step.words)\(note)", .dim)]
    }

    private func key(_ step: String, _ event: Event) -> String { "\(event.job?.rawValue ?? "") \(step)" }

    private func head(_ event: Event) -> Painted {
        let name = event.job.map { $0.shortName.padded(to: progress.nameWidth) + " " } ?? ""
        return Painted("\(ClockTime.text(event.at, offsetSeconds: offsetSeconds)) ", .dim) + Painted(name)
    }
}

extension StepProgress {
    /// `148/312 packages`, `96.0 of 412 MiB`, `34 %`, `kernel (2 of 5)`.
    var words: String {
        switch unit {
        case .percent: "\(done) %"
        case .bytes: total.map { "\(Human.bytes(done)) of \(Human.bytes($0))" } ?? Human.bytes(done)
        case .items: counted
        case .packages, .files, .seconds, .lines:
            total.map { "\(done)/\($0) \(unit.rawValue)" } ?? "\(done) \(unit.rawValue)"
        }
    }

    /// Items are the stages of a step or the parts of its work, which only the note names.
    private var counted: String {
        let count = total.map { "\(done) of \($0)" } ?? "\(done)"
        guard let note, !note.isEmpty else { return count }
        return "\(Neutralized.text(note)) (\(count))"
    }

    /// What is said behind the words: the note, unless they hold it.
    var noteBehind: String? { unit == .items ? nil : note }

    /// What the whole is, also where it need not be said.
    var whole: Int64? { unit == .percent ? total ?? 100 : total }
}
