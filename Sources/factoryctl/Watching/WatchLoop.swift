import Arguments
import FactoryClient
import FactoryProtocol
import Glibc
import IO
import Terminal

/// Watches a build until its end, until the user leaves, or until the farm is gone for good; then says how it ended.
enum WatchLoop {
    /// How often a screen's clocks are looked at.
    private static let tick = Duration.milliseconds(200)

    /// Watches a build; `form` is how the command prints what is not watched, `warnings` are those that it has shown.
    static func run(
        _ build: BuildID, _ call: Call, form: ListForm, warnings: [Warning] = []
    ) async throws -> ExitStatus {
        // From here on a signal is never the end without a last line.
        let signals = Signals([SIGINT, SIGTERM])
        let mode = mode(call, form)
        let painter = painter(mode, build, call, WarningsSaid(warnings))
        let logs =
            switch mode {
            case .tty: call.traits.isInteractive || call.invocation.flag(WatchOptions.logs)
            case .plain: call.invocation.flag(WatchOptions.logs)
            case .json: true
            case .quiet: false
            }
        let watcher = BuildWatcher(endpoint: try call.endpoint(), hello: Call.hello, build: build, logs: logs)
        let ending = try await race(watcher, painter, signals, build, call)
        try await painter.finish(ending)
        return ending.status
    }

    /// Says the last line of a build that there is no use in watching.
    static func end(_ ending: WatchEnding, _ build: BuildID, _ call: Call, form: ListForm) async throws -> ExitStatus {
        try await painter(mode(call, form), build, call, WarningsSaid()).finish(ending)
        return ending.status
    }

    /// How a build is shown by this command.
    static func mode(_ call: Call, _ form: ListForm) -> WatchOptions.Mode {
        WatchOptions.mode(call.invocation, form: form, isInteractive: call.traits.isInteractive)
    }

    private static func painter(
        _ mode: WatchOptions.Mode, _ build: BuildID, _ call: Call, _ warnings: WarningsSaid
    ) -> WatchPainter {
        WatchPainter(
            view: view(mode, build, call, warnings), isScreen: mode == .tty && call.traits.isInteractive, call: call,
            descriptor: STDOUT_FILENO)
    }

    private static func view(
        _ mode: WatchOptions.Mode, _ build: BuildID, _ call: Call, _ warnings: WarningsSaid
    ) -> any WatchView {
        switch mode {
        case .tty where call.traits.isInteractive:
            ScreenView(build: build, unicode: call.traits.hasUnicode, next: call.next, warnings: warnings)
        case .tty, .plain:
            PlainView(
                build: build, unicode: call.traits.hasUnicode, offsetSeconds: ClockTime.localOffsetSeconds(),
                next: call.next, warnings: warnings)
        case .json: JSONView(build: build, next: call.next)
        case .quiet: QuietView(build: build, next: call.next)
        }
    }

    /// The first of: the build's end, the user's leave, the loss of the farm.
    private static func race(
        _ watcher: BuildWatcher, _ painter: WatchPainter, _ signals: Signals, _ build: BuildID, _ call: Call
    ) async throws -> WatchEnding {
        try await withThrowingTaskGroup(of: WatchEnding?.self) { group in
            group.addTask { try await follow(watcher, painter) }
            group.addTask { try await leave(signals, painter, build, call) }
            group.addTask {
                while !Task.isCancelled {
                    try await Poller.shared.sleep(until: .in(tick))
                    try await painter.tick()
                }
                return nil
            }
            defer { group.cancelAll() }
            while let ending = try await group.next() {
                if let ending { return ending }
            }
            throw CancellationError()
        }
    }

    private static func follow(_ watcher: BuildWatcher, _ painter: WatchPainter) async throws -> WatchEnding? {
        var hasSeen = false
        do {
            let end = try await watcher.run { news in
                hasSeen = true
                try await painter.show(news)
            }
            switch end {
            case .verdict(let verdict): return .verdict(verdict)
            case .caughtUp: return nil
            }
        } catch let error as ClientError where error.code != .cancelled && hasSeen {
            // Whatever the farm says or does not say any more: what was shown gets its last line.
            return .lost(reason: error.message)
        }
    }

    /// Waits for Ctrl-C or SIGTERM; with `--cancel-on-interrupt` the first of them cancels and the watching goes on.
    ///
    /// A farm that cannot be told is no reason to stop watching: it may come back, and the user is told.
    private static func leave(
        _ signals: Signals, _ painter: WatchPainter, _ build: BuildID, _ call: Call
    ) async throws -> WatchEnding? {
        var mayCancel = call.invocation.flag(WatchOptions.cancelOnInterrupt)
        for await number in signals.stream {
            guard mayCancel else { return .detached(signal: number) }
            mayCancel = false
            try await painter.say("cancelling the build; once more to leave it alone")
            do {
                let session = try await call.connect()
                _ = try await session.request(
                    CancelBuild(build: build, reason: "interrupted at the terminal"), for: Cancelling.self)
            } catch let error as ClientError where error.code != .cancelled {
                try await painter.say("the build is not cancelled: \(error.message); once more to leave it alone")
            }
        }
        return nil
    }
}
