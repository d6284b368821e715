package import FactoryProtocol

/// A job's voice: steps, progress, log lines, warnings and artifacts, as events.
///
/// It only shapes events; where they go is the sink's matter: the spool in a real job, an array in a test.
package struct JobReport: Sendable {
    /// Takes an event. Called from any thread; must keep the order in which it was called.
    private let sink: @Sendable (Event.Kind) -> Void

    package init(sink: @escaping @Sendable (Event.Kind) -> Void) { self.sink = sink }

    /// Runs one step and reports its beginning and end. A failure of the body is reported and thrown on; a
    /// ``JobFailure`` without a step gets this one.
    package func step<Value>(
        _ id: String, _ title: String, phase: String? = nil, _ body: (StepReport) async throws -> Value
    ) async throws -> Value {
        sink(.stepStarted(StepStarted(step: id, title: title, phase: phase)))
        let begin = ContinuousClock.now
        let report = StepReport(id: id, sink: sink)
        func finish(_ result: StepFinished.Result, _ note: String?) {
            sink(
                .stepFinished(
                    StepFinished(step: id, result: result, milliseconds: milliseconds(since: begin), note: note)))
        }
        do {
            let value = try await body(report)
            finish(report.result.result, report.result.note)
            return value
        } catch var error as JobFailure {
            if error.failure.step == nil { error.failure.step = id }
            finish(.failed, error.failure.message)
            throw error
        } catch {
            finish(.failed, "\(error)")
            throw error
        }
    }

    /// Says that a step was left out, and why.
    package func skipped(_ id: String, _ title: String, phase: String? = nil, why: String) {
        sink(.stepStarted(StepStarted(step: id, title: title, phase: phase)))
        sink(.stepFinished(StepFinished(step: id, result: .skipped, milliseconds: 0, note: why)))
    }

    package func warn(_ code: String, _ message: String) { sink(.warning(Warning(code: code, message: message))) }

    /// Says that a file stands in the spool's `out/` under the artifact's name.
    package func artifact(_ artifact: Artifact) { sink(.artifact(artifact)) }

    package func bootResult(_ result: BootResult) { sink(.bootResult(result)) }

    /// A line that belongs to no step.
    package func log(_ text: String) { sink(.log(LogLine(text: text))) }

    private func milliseconds(since begin: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = (ContinuousClock.now - begin).components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
