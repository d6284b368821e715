import FactoryProtocol

extension Event {
    /// The same event in a form that one frame holds, for a watcher: each event has its place in the numbers.
    ///
    /// An end without what `artifacts` lists in parts, and with fewer of the tool's words. A line in its first characters.
    /// Of any other event only that it does not fit.
    var shortened: Event {
        var event = self
        switch kind {
        case .buildEnded(let ended): event.kind = .buildEnded(BuildEnded(verdict: ended.verdict.shortened))
        case .log(let line):
            event.kind = .log(
                LogLine(
                    step: line.step.map { ReportLimits.shortened($0, ReportLimits.word) },
                    text: ReportLimits.shortened(line.text)))
        case .jobStateChanged(var change):
            change.reason = change.reason.map { ReportLimits.shortened($0) }
            change.outcome = change.outcome.map(ReportLimits.shortened)
            event.kind = .jobStateChanged(change)
        case .stepStarted, .stepProgress, .stepFinished, .warning, .artifact, .bootResult, .buildAccepted, .unknown:
            event.kind = .warning(
                Warning(
                    code: "event-too-large",
                    message: "event \(seq), \(ReportLimits.shortened(kind.name, ReportLimits.word)), does not fit into "
                        + "a message: HTTP has it whole"))
        }
        return event
    }
}

extension Verdict {
    /// How many lines of an excerpt a verdict keeps that is too long, and how many characters of each.
    private static let excerpt = (lines: 40, characters: 512)

    /// The same verdict in a form that one frame holds: without the artifacts, which `artifacts` lists in parts, and with
    /// the end of the excerpt.
    var shortened: Verdict {
        var verdict = self
        verdict.artifacts = []
        verdict.message = ReportLimits.shortened(message)
        verdict.code = code.map { ReportLimits.shortened($0, ReportLimits.word) }
        guard let failure else { return verdict }
        guard case .failed(var part) = ReportLimits.shortened(.failed(failure)) else { return verdict }
        part.excerpt = part.excerpt.suffix(Self.excerpt.lines).map {
            ReportLimits.shortened($0, Self.excerpt.characters)
        }
        verdict.failure = part
        return verdict
    }
}
