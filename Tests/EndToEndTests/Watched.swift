import FactoryClient
import FactoryProtocol
import IO
import Testing

/// Everything that one watcher was told of a build, from first to last.
struct Watched: Sendable {
    var events: [Event] = []
    var losses = 0
    var verdict: Verdict?

    /// Watches to the end, over every restart of the farm.
    static func whole(_ build: BuildID, of farm: Farm, within limit: Duration = .seconds(120)) async throws -> Watched {
        let watcher = BuildWatcher(endpoint: farm.endpoint, hello: Farm.hello, build: build, patience: limit)
        return try await withThrowingTaskGroup(of: Watched.self) { group in
            group.addTask {
                var watched = Watched()
                let end = try await watcher.run { news in
                    switch news {
                    case .event(let event): watched.events.append(event)
                    case .lost: watched.losses += 1
                    case .resumed: break
                    }
                }
                guard case .verdict(let verdict) = end else { return watched }
                watched.verdict = verdict
                return watched
            }
            group.addTask {
                try await Poller.shared.sleep(until: .in(limit))
                throw TooLate(what: "the build \(build) did not end within \(limit)")
            }
            defer { group.cancelAll() }
            return try #require(try await group.next())
        }
    }

    /// The text of every log line of a step, in order.
    func lines(of step: String) -> [String] {
        events.compactMap { event in
            guard case .log(let line) = event.kind, line.step == step else { return nil }
            return line.text
        }
    }

    /// The lines of a step are these, each once and in order; says where they begin to differ.
    func expectLines(of step: String, _ expected: [String], _ place: SourceLocation = #_sourceLocation) {
        let lines = lines(of: step)
        #expect(lines.count == expected.count, "lines of \(step)", sourceLocation: place)
        if let at = zip(lines, expected).enumerated().first(where: { $0.element.0 != $0.element.1 }) {
            Issue.record(
                "line \(at.offset + 1) of \(step) is \"\(at.element.0)\", expected \"\(at.element.1)\"",
                sourceLocation: place)
        }
    }

    /// How often each step began.
    var starts: [String: Int] {
        var counts: [String: Int] = [:]
        for event in events {
            if case .stepStarted(let step) = event.kind { counts[step.step, default: 0] += 1 }
        }
        return counts
    }

    /// The highest attempt that said anything.
    var attempts: Int { events.compactMap(\.attempt).max() ?? 0 }

    /// Every event once, in order, and one end.
    func expectWhole(_ place: SourceLocation = #_sourceLocation) {
        #expect(events.map(\.seq) == Array(1...Int64(max(1, events.count))), sourceLocation: place)
        let ends = events.filter { if case .buildEnded = $0.kind { true } else { false } }
        #expect(ends.count == 1, sourceLocation: place)
    }
}

struct TooLate: Error, CustomStringConvertible {
    let what: String
    var description: String { what }
}
