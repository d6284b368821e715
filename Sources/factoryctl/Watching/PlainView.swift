import FactoryProtocol
import Terminal

/// One line an event, with the time and the job in front: for pipes and the logs of CI machines.
struct PlainView: WatchView {
    private let build: BuildID
    private let unicode: Bool
    private let offsetSeconds: Int64
    private let next: NextCommand
    private var progress = BuildProgress()
    /// When a step's progress was last said, so that a log gets some lines and not hundreds.
    private var said: [String: (at: Timestamp, done: Int64)] = [:]
    private var last = Timestamp(milliseconds: 0)
    /// The shortest time between two lines about one step's progress.
    private static let pace: Int64 = 10_000

    /// - Parameters:
    ///   - build: The build that is watched.
    ///   - unicode: Whether signs beyond ASCII may be used.
    ///   - offsetSeconds: What local time is ahead of UTC.
    ///   - next: How commands are written that come next.
    init(build: BuildID, unicode: Bool, offsetSeconds: Int64, next: NextCommand) {
        self.build = build
        self.unicode = unicode
        self.offsetSeconds = offsetSeconds
        self.next = next
    }

    mutating func feed(_ event: Event) -> [Painted] {
        let sentence = Sentence(event, progress: progress)
        let lines = sentence.map { written($0, event) } ?? other(event)
        progress.apply(event)
        last = event.at
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
            return [head(event) + Painted("  \(step.title)\(step.phase.map { " (\($0))" } ?? "")")]
        case .stepProgress(let progress): return self.step(progress, event)
        case .log(let line):
            return [head(event) + Painted("  \(unicode ? "│" : "|") \(Neutralized.text(line.text))", .dim)]
        case .jobStateChanged(let change):
            let worker = change.worker.map { " on \($0)" } ?? ""
            let reason = change.reason.map { ": \(Neutralized.text($0))" } ?? ""
            return [head(event) + Painted("\(change.state.rawValue)\(worker)\(reason)", .dim)]
        case .stepFinished, .warning, .artifact, .bootResult, .buildEnded, .unknown: return []
        }
    }

    private mutating func step(_ step: StepProgress, _ event: Event) -> [Painted] {
        let key = "\(event.job?.rawValue ?? "") \(step.step)"
        let before = said[key]
        let isLast = step.total == step.done && before?.done != step.done
        guard isLast || event.at.milliseconds - (before?.at.milliseconds ?? 0) >= Self.pace else { return [] }
        said[key] = (event.at, step.done)
        let note = step.note.map { "  " + Neutralized.text($0) } ?? ""
        return [head(event) + Painted("  \(progress.title(of: step.step, in: event.job)): \(step.words)\(note)", .dim)]
    }

    private func head(_ event: Event) -> Painted {
        let name = event.job.map { $0.shortName.padded(to: progress.nameWidth) + " " } ?? ""
        return Painted("\(ClockTime.text(event.at, offsetSeconds: offsetSeconds)) ", .dim) + Painted(name)
    }
}

extension StepProgress {
    /// `148/312 packages`, `96.0 of 412 MiB`, `34 %`.
    var words: String {
        switch unit {
        case .percent: "\(done) %"
        case .bytes: total.map { "\(Human.bytes(done)) of \(Human.bytes($0))" } ?? Human.bytes(done)
        case .packages, .files, .seconds, .lines, .items:
            total.map { "\(done)/\($0) \(unit.rawValue)" } ?? "\(done) \(unit.rawValue)"
        }
    }

    /// What the whole is, also where it need not be said.
    var whole: Int64? { unit == .percent ? total ?? 100 : total }
}
