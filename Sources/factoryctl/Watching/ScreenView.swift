import FactoryProtocol
import Terminal

/// What a person at a terminal sees: finished steps scroll away above, every job that is not done yet has its lines
/// at the bottom.
struct ScreenView: WatchView {
    private let build: BuildID
    private let unicode: Bool
    private let next: NextCommand
    private var progress = BuildProgress()
    private var warnings: WarningsSaid

    /// - Parameters:
    ///   - build: The build that is watched.
    ///   - unicode: Whether signs beyond ASCII may be used.
    ///   - next: How commands are written that come next.
    ///   - warnings: What the command has warned of before.
    init(build: BuildID, unicode: Bool, next: NextCommand, warnings: WarningsSaid = WarningsSaid()) {
        self.warnings = warnings
        self.build = build
        self.unicode = unicode
        self.next = next
    }

    mutating func feed(_ event: Event) -> [Painted] {
        guard warnings.isNews(event) else { return [] }
        let sentence = Sentence(event, progress: progress)
        progress.apply(event)
        if case .buildAccepted(let accepted) = event.kind {
            let count = accepted.jobs.count
            return [Painted("build \(build)", .bold) + Painted("  \(Human.count(count, "job"))", .dim)]
        }
        guard let sentence else { return [] }
        let name = sentence.job.map { $0.padded(to: progress.nameWidth) + "  " } ?? ""
        let first = sentence.sign.painted(unicode: unicode) + Painted(" \(name)", .dim) + sentence.text
        return [first] + sentence.details.map { Painted("    \(unicode ? "│" : "|") \($0)") }
    }

    mutating func notice(_ text: String) -> [Painted] { [Painted("! \(text)", .yellow)] }

    mutating func end(_ ending: WatchEnding) -> [Painted] {
        let style: Style =
            switch ending.status {
            case .success: .green
            case .buildFailed, .infrastructure, .expired, .noWorker, .connectionLost: .red
            default: .yellow
            }
        return [Painted(ending.line(build: build, next: next), style)]
    }

    /// The lines for now: every job that has not ended.
    func live(now: Timestamp, width: Int) -> [Painted] {
        progress.jobs.filter { !$0.state.isFinal }.flatMap { lines($0, now: now, width: width) }
    }

    private func lines(_ job: BuildProgress.Job, now: Timestamp, width: Int) -> [Painted] {
        let name = job.name.padded(to: progress.nameWidth)
        switch job.state {
        case .waiting:
            let needs = job.needs.isEmpty ? "" : ": needs " + job.needs.joined(separator: ", ")
            return [Painted("\(unicode ? "·" : "-") \(name)  waits\(needs)", .dim)]
        case .ready:
            let why = job.reason.map(Neutralized.text) ?? "waits for a worker"
            return [Painted("\(unicode ? "·" : "-") \(name)  \(why)", .dim)]
        case .leased, .running:
            let elapsed = job.startedAt.map { Human.clock(now.since($0)) } ?? ""
            guard let first = job.running.first else {
                let worker = job.worker.map { " on \($0)" } ?? ""
                return [headline(name, "starts\(worker)", elapsed, width, now)]
            }
            let done = job.stepsDone > 0 ? "  (\(Human.count(job.stepsDone, "step")) done)" : ""
            let lines = [headline(name, first.title + done, elapsed, width, now)]
            let blank = String(repeating: " ", count: name.columns)
            return job.running.dropFirst().reduce(lines + below(first, job, now: now, width: width)) { lines, step in
                lines + [headline(blank, step.title, "", width, now)] + below(step, job, now: now, width: width)
            }
        case .succeeded, .failed, .cancelled, .expired: return []
        }
    }

    /// What stands below the title of a step that runs: how far it is, and what its tool says.
    private func below(
        _ step: BuildProgress.Step, _ job: BuildProgress.Job, now: Timestamp, width: Int
    ) -> [Painted] {
        var lines = [bar(step, now: now, width: width)].compactMap(\.self)
        let said = step.lastLine ?? (job.running.count == 1 ? job.lastLine : nil)
        if let line = said.map(Neutralized.text), !line.isEmpty { lines.append(Painted("    \(line)", .dim)) }
        return lines
    }

    private func headline(_ name: String, _ text: String, _ clock: String, _ width: Int, _ now: Timestamp) -> Painted {
        let turns = unicode ? Array("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏") : Array("|/-\\")
        let turn = turns[Int(now.milliseconds / 200 % Int64(turns.count))]
        let line = Painted(String(turn), .cyan) + Painted(" \(name)  ") + Painted(text, .bold)
        guard !clock.isEmpty else { return line }
        // One column is always left free at the right.
        let room = width - 2 - clock.count
        return line.cut(to: room).padded(to: room) + Painted(" \(clock)", .dim)
    }

    private func bar(_ step: BuildProgress.Step, now: Timestamp, width: Int) -> Painted? {
        guard let progress = step.progress else { return nil }
        let note = progress.noteBehind.map { "  " + Neutralized.text($0) } ?? ""
        guard let whole = progress.whole, whole > 0 else { return Painted("    \(progress.words)\(note)") }
        let bar = Bar.text(done: progress.done, of: whole, width: min(20, width / 4), unicode: unicode)
        let left = remaining(progress, of: whole, since: step.startedAt, now: now)
        return Painted("    ") + Painted(bar, .cyan) + Painted("  \(progress.words)") + Painted(left + note, .dim)
    }

    /// How long the step will take at its pace so far; nothing before there is a pace to speak of, and nothing for items:
    /// stages and modules are not of one length.
    private func remaining(_ progress: StepProgress, of whole: Int64, since: Timestamp, now: Timestamp) -> String {
        let elapsed = now.since(since)
        guard elapsed > .seconds(5), progress.unit != .items, progress.done > 0, progress.done < whole,
            progress.done >= whole / 20
        else { return "" }
        let left = elapsed / .seconds(1) / Double(progress.done) * Double(whole - progress.done)
        return "  about \(Human.duration(.seconds(Int64(min(left, 1e12)) + 1))) left"
    }
}
