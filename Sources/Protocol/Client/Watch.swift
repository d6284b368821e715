/// Asks for a build's events. Answered by `event`… and exactly one `end`, all with this request's id.
package struct Watch: Message, Equatable {
    /// Which.
    package var build: BuildID
    /// The first sequence number wanted; 1 for all.
    package var from: Int64
    /// Whether log lines are wanted.
    package var logs: Bool
    /// False: end after what there is, with `end` when the build is done, else with `caughtUp`.
    package var follow: Bool

    package init(
        build: BuildID, from: Int64, logs: Bool = true, follow: Bool = true
    ) {
        self.build = build
        self.from = from
        self.logs = logs
        self.follow = follow
    }

    package static let type = "watch"
}

/// One event of the watched build.
package struct EventMessage: Message, Equatable {
    /// The event.
    package var event: Event

    package init(
        event: Event
    ) {
        self.event = event
    }

    package static let type = "event"

    /// The frame of an event whose canonical JSON is at hand: the same bytes that ``frame(id:)`` makes of the event.
    package static func frame(json: [UInt8], id: Int64?) -> [UInt8] {
        let number = id.map { "\"id\":\($0)," } ?? ""
        return Frame.bytes(Array("{\"event\":".utf8) + json + Array(",\(number)\"type\":\"\(type)\"}".utf8))
    }
}

/// The build has ended; nothing follows.
package struct WatchEnd: Message, Equatable {
    /// How.
    package var verdict: Verdict

    package init(
        verdict: Verdict
    ) {
        self.verdict = verdict
    }

    package static let type = "end"
}

/// The end of what there is now, for a watcher that does not follow.
package struct CaughtUp: Message, Equatable {
    /// The first sequence number not sent.
    package var next: Int64

    package init(
        next: Int64
    ) {
        self.next = next
    }

    package static let type = "caughtUp"
}

/// The watcher was too slow and was let go; it may ask again.
package struct Lagged: Message, Equatable {
    /// Where to go on.
    package var next: Int64

    package init(
        next: Int64
    ) {
        self.next = next
    }

    package static let type = "lagged"
}
