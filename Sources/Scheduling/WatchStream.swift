import FactoryEvents
import FactoryProtocol
import FactoryWire

/// One watch of one build: its events from a number on, and exactly one end.
///
/// It reads from the log at the watcher's own pace, so nothing piles up here and no build is slowed. A watcher that
/// watched live and falls far behind is told that it lags, and asks again.
struct WatchStream: Sendable {
    let request: Watch
    let id: Int64?
    let log: BuildLog
    let farm: Farm
    let connection: FrameConnection
    let ended: @Sendable () -> Void

    /// Sends events until the build ends.
    ///
    /// - Throws: ``WireError`` when the connection has ended.
    func run() async throws {
        defer { ended() }
        var events = EventStream(log, from: request.from, follow: request.follow).makeAsyncIterator()
        do {
            var verdict: Verdict?
            while let event = try await events.next() {
                // An end that something follows was the end of an earlier try.
                verdict = try event.verdict()
                if event.isLogLine, !request.logs { continue }
                do throws(WireError) {
                    try await connection.send(frame: EventMessage.frame(json: event.json, id: id))
                } catch {
                    guard error.kind == .violation(.frameTooLarge) else { throw error }
                    try await connection.reply(EventMessage(event: try event.event().shortened), id: id)
                }
                if events.hasCaughtUp, events.behind > farm.settings.lag {
                    return try await connection.send(Lagged(next: events.next), id: id)
                }
            }
            if verdict == nil, log.hasEnded(before: events.next) { verdict = try await lastVerdict() }
            if let verdict {
                try await end(verdict)
            } else {
                try await connection.send(CaughtUp(next: events.next), id: id)
            }
        } catch let error as WireError {
            throw error
        } catch is CancellationError {
            return
        } catch {
            farm.log.error("A watch failed.", ["build": request.build.rawValue, "why": "\(error)"])
            try await connection.send(FarmError(error).reply, id: id)
        }
    }

    /// Says how the build ended; without its artifacts where they do not fit, for `artifacts` lists them in parts.
    private func end(_ verdict: Verdict) async throws {
        do throws(WireError) {
            try await connection.send(WatchEnd(verdict: verdict), id: id)
        } catch {
            guard error.kind == .violation(.frameTooLarge) else { throw error }
            try await connection.reply(WatchEnd(verdict: verdict.shortened), id: id)
        }
    }

    /// The verdict of a build whose last event was asked for no more (`from` is past it).
    private func lastVerdict() async throws -> Verdict? {
        var last = EventStream(log, from: log.lastSeq, follow: false).makeAsyncIterator()
        return try await last.next()?.verdict()
    }
}
