/// One thing that happened, in a job or in a build.
///
/// A job numbers its own events in its spool (`job` and `attempt` are absent there); factoryd numbers the merged stream
/// of a build when it stores it, and every watcher resumes by that number.
package struct Event: Sendable, Equatable {
    /// 1, 2, 3, … without gaps within its stream.
    package var seq: Int64
    /// When it happened, by the clock of the machine that it happened on.
    package var at: Timestamp
    /// The job, in a build's stream.
    package var job: JobID?
    /// The attempt, counted from 1, in a build's stream.
    package var attempt: Int?
    package var kind: Kind

    package init(seq: Int64, at: Timestamp, job: JobID? = nil, attempt: Int? = nil, kind: Kind) {
        self.seq = seq
        self.at = at
        self.job = job
        self.attempt = attempt
        self.kind = kind
    }

    /// What happened.
    package enum Kind: Sendable, Equatable {
        case stepStarted(StepStarted)
        case stepProgress(StepProgress)
        case stepFinished(StepFinished)
        case log(LogLine)
        case warning(Warning)
        case artifact(Artifact)
        case bootResult(BootResult)
        case buildAccepted(BuildAccepted)
        case jobStateChanged(JobStateChanged)
        case buildEnded(BuildEnded)
        /// A kind of a later version: kept out of the way, never an error.
        case unknown(String)
    }
}

extension Event.Kind {
    /// Whether a build can be understood without it: what a log that is full leaves out.
    package var mayBeDropped: Bool {
        switch self {
        case .log, .stepProgress: true
        case .stepStarted, .stepFinished, .warning, .artifact, .bootResult, .buildAccepted, .jobStateChanged,
            .buildEnded, .unknown:
            false
        }
    }
}

extension Event.Kind {
    /// Whether a job may say it. What becomes of jobs and builds only the farm knows. A kind of a later version is a job's:
    /// the farm would know its own.
    package var isOfJobs: Bool {
        switch self {
        case .stepStarted, .stepProgress, .stepFinished, .log, .warning, .artifact, .bootResult, .unknown: true
        case .buildAccepted, .jobStateChanged, .buildEnded: false
        }
    }
}

extension Event: Codable {
    private enum Keys: String, CodingKey {
        case seq
        case at
        case job
        case attempt
        case kind
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        seq = try container.decode(Int64.self, forKey: .seq)
        at = try container.decode(Timestamp.self, forKey: .at)
        job = try container.decodeIfPresent(JobID.self, forKey: .job)
        attempt = try container.decodeIfPresent(Int.self, forKey: .attempt)
        let name = try container.decode(String.self, forKey: .kind)
        kind =
            switch name {
            case "stepStarted": .stepStarted(try StepStarted(from: decoder))
            case "stepProgress": .stepProgress(try StepProgress(from: decoder))
            case "stepFinished": .stepFinished(try StepFinished(from: decoder))
            case "log": .log(try LogLine(from: decoder))
            case "warning": .warning(try Warning(from: decoder))
            case "artifact": .artifact(try Artifact(from: decoder))
            case "bootResult": .bootResult(try BootResult(from: decoder))
            case "buildAccepted": .buildAccepted(try BuildAccepted(from: decoder))
            case "jobStateChanged": .jobStateChanged(try JobStateChanged(from: decoder))
            case "buildEnded": .buildEnded(try BuildEnded(from: decoder))
            default: .unknown(name)
            }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(seq, forKey: .seq)
        try container.encode(at, forKey: .at)
        try container.encodeIfPresent(job, forKey: .job)
        try container.encodeIfPresent(attempt, forKey: .attempt)
        try container.encode(kind.name, forKey: .kind)
        switch kind {
        case .stepStarted(let body): try body.encode(to: encoder)
        case .stepProgress(let body): try body.encode(to: encoder)
        case .stepFinished(let body): try body.encode(to: encoder)
        case .log(let body): try body.encode(to: encoder)
        case .warning(let body): try body.encode(to: encoder)
        case .artifact(let body): try body.encode(to: encoder)
        case .bootResult(let body): try body.encode(to: encoder)
        case .buildAccepted(let body): try body.encode(to: encoder)
        case .jobStateChanged(let body): try body.encode(to: encoder)
        case .buildEnded(let body): try body.encode(to: encoder)
        case .unknown: break
        }
    }
}

extension Event.Kind {
    /// The value of the field `kind`.
    package var name: String {
        switch self {
        case .stepStarted: "stepStarted"
        case .stepProgress: "stepProgress"
        case .stepFinished: "stepFinished"
        case .log: "log"
        case .warning: "warning"
        case .artifact: "artifact"
        case .bootResult: "bootResult"
        case .buildAccepted: "buildAccepted"
        case .jobStateChanged: "jobStateChanged"
        case .buildEnded: "buildEnded"
        case .unknown(let name): name
        }
    }
}
