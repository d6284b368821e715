/// How long a worker may be silent, and what happens then.
package struct LivenessLimits: Sendable, Equatable {
    /// How often each side says `heartbeat`.
    package var heartbeat: Duration
    /// After so long a silence a worker is dead: it gets no more jobs.
    package var dead: Duration
    /// After so much longer its jobs are given to others; until then `resume` saves them.
    package var grace: Duration

    package init(heartbeat: Duration = .seconds(10), dead: Duration = .seconds(30), grace: Duration = .seconds(30)) {
        self.heartbeat = heartbeat
        self.dead = dead
        self.grace = grace
    }
}

/// The life of one worker as its silence tells it: a pure machine, fed with what happened and with the time.
package struct Liveness: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case alive
        case dead
        /// Its jobs were given away; whatever it still says about them is superseded.
        case lost
    }

    /// What the owner has to do.
    package enum Action: Sendable, Equatable {
        case nothing
        /// Say that it is dead, and give it no more jobs.
        case markDead
        /// Requeue every job that it holds.
        case giveJobsAway
        /// Say that it is back.
        case markAlive
    }

    package private(set) var state = State.alive
    private var lastHeard: ContinuousClock.Instant
    private let limits: LivenessLimits

    /// A worker that was just heard, or that the database knows from before a restart: the whole time counts anew then,
    /// because the silence was ours.
    package init(limits: LivenessLimits, now: ContinuousClock.Instant) {
        self.limits = limits
        lastHeard = now
    }

    /// Anything came from the worker.
    package mutating func heard(now: ContinuousClock.Instant) -> Action {
        lastHeard = now
        switch state {
        case .alive: return .nothing
        case .dead, .lost:
            state = .alive
            return .markAlive
        }
    }

    /// Time has passed.
    package mutating func tick(now: ContinuousClock.Instant) -> Action {
        let silence = now - lastHeard
        switch state {
        case .alive where silence >= limits.dead + limits.grace:
            state = .lost
            return .giveJobsAway
        case .alive where silence >= limits.dead:
            state = .dead
            return .markDead
        case .dead where silence >= limits.dead + limits.grace:
            state = .lost
            return .giveJobsAway
        case .alive, .dead, .lost:
            return .nothing
        }
    }

    /// When ``tick(now:)`` may next have something to say; nil when only the worker can.
    package var nextTick: ContinuousClock.Instant? {
        switch state {
        case .alive: lastHeard + limits.dead
        case .dead: lastHeard + limits.dead + limits.grace
        case .lost: nil
        }
    }
}
