package import JSON

/// Asks for builds, newest first.
package struct ListBuilds: Message, Equatable {
    /// At most so many; 1 to 1000.
    package var limit: Int
    /// Only these states; empty for all.
    package var states: [String]
    /// Only builds older than this one: the `next` of the reply before.
    package var before: BuildID?

    package init(
        limit: Int = 50, states: [String] = [], before: BuildID? = nil
    ) {
        self.limit = limit
        self.states = states
        self.before = before
    }

    package static let type = "list"
}

/// The builds asked for.
package struct Builds: Message, Equatable {
    /// Newest first.
    package var builds: [BuildSummary]
    /// Where the next reply goes on; nil when there are no more.
    package var next: BuildID?

    package init(
        builds: [BuildSummary], next: BuildID? = nil
    ) {
        self.builds = builds
        self.next = next
    }

    package static let type = "builds"
}

/// A build, as a list shows it.
package struct BuildSummary: Codable, Sendable, Equatable {
    /// Its identifier.
    package var build: BuildID
    /// Base, version, model in a few words.
    package var title: String
    /// Where it is.
    package var state: BuildState
    /// The user, as the socket told.
    package var submittedBy: String
    /// When it was accepted.
    package var submittedAt: Timestamp
    /// When it ended.
    package var endedAt: Timestamp?
    /// Jobs that succeeded.
    package var jobsDone: Int
    /// Jobs in all.
    package var jobs: Int

    package init(
        build: BuildID, title: String, state: BuildState, submittedBy: String, submittedAt: Timestamp,
        endedAt: Timestamp? = nil, jobsDone: Int, jobs: Int
    ) {
        self.build = build
        self.title = title
        self.state = state
        self.submittedBy = submittedBy
        self.submittedAt = submittedAt
        self.endedAt = endedAt
        self.jobsDone = jobsDone
        self.jobs = jobs
    }
}

/// Where a build is; follows from its jobs.
package enum BuildState: String, Codable, Sendable, CaseIterable {
    /// None of its jobs runs now, and at least one is still to be done.
    case queued
    /// A worker has one of its jobs.
    case running
    case succeeded
    case failed
    case cancelled
    case expired
}

/// Asks for one build.
package struct ShowBuild: Message, Equatable {
    /// Which; a prefix that only one build has will do.
    package var build: BuildID

    package init(
        build: BuildID
    ) {
        self.build = build
    }

    package static let type = "show"
}

/// One build.
package struct BuildDetails: Message, Equatable {
    /// Its summary.
    package var summary: BuildSummary
    /// SHA-256 of the description.
    package var specDigest: String
    /// The description with all defaults filled in.
    package var spec: JSONValue
    /// Its jobs.
    package var jobs: [JobSummary]
    /// What was made.
    package var artifacts: [JobArtifact]
    /// Where `artifacts` goes on, which are then too many for this reply; nil when all are here.
    package var nextArtifacts: String?
    /// How it ended. Its own artifacts are left out when they do not fit: they are those of the build.
    package var verdict: Verdict?
    /// The last sequence number of its events.
    package var lastSeq: Int64

    package init(
        summary: BuildSummary, specDigest: String, spec: JSONValue, jobs: [JobSummary], artifacts: [JobArtifact],
        nextArtifacts: String? = nil, verdict: Verdict? = nil, lastSeq: Int64
    ) {
        self.summary = summary
        self.specDigest = specDigest
        self.spec = spec
        self.jobs = jobs
        self.artifacts = artifacts
        self.nextArtifacts = nextArtifacts
        self.verdict = verdict
        self.lastSeq = lastSeq
    }

    package static let type = "build"
}

/// An artifact and the job that made it.
package struct JobArtifact: Codable, Sendable, Equatable {
    /// The job.
    package var job: JobID
    /// The artifact.
    package var artifact: Artifact

    package init(
        job: JobID, artifact: Artifact
    ) {
        self.job = job
        self.artifact = artifact
    }
}

/// Asks for what a build made.
package struct ListArtifacts: Message, Equatable {
    /// Which.
    package var build: BuildID
    /// Only those after this place: the `next` of the reply before.
    package var after: String?

    package init(
        build: BuildID, after: String? = nil
    ) {
        self.build = build
        self.after = after
    }

    package static let type = "artifacts"
}

/// What the build made.
package struct ArtifactList: Message, Equatable {
    /// In the order of the jobs.
    package var artifacts: [JobArtifact]
    /// Where the next reply goes on; nil when there are no more.
    package var next: String?

    package init(
        artifacts: [JobArtifact], next: String? = nil
    ) {
        self.artifacts = artifacts
        self.next = next
    }

    package static let type = "artifactList"
}

/// Asks for the workers.
package struct ListWorkers: Message, Equatable {
    /// Only those after this one: the `next` of the reply before.
    package var after: WorkerName?

    package init(after: WorkerName? = nil) { self.after = after }

    package static let type = "workers"
}

/// The workers.
package struct WorkerList: Message, Equatable {
    /// By name.
    package var workers: [WorkerSummary]
    /// Where the next reply goes on; nil when there are no more.
    package var next: WorkerName?

    package init(
        workers: [WorkerSummary], next: WorkerName? = nil
    ) {
        self.workers = workers
        self.next = next
    }

    package static let type = "workerList"
}

/// A worker, as a list shows it.
package struct WorkerSummary: Codable, Sendable, Equatable {
    /// Its name.
    package var name: WorkerName
    /// What it builds for.
    package var architectures: [Architecture]
    /// How many jobs at once.
    package var slots: Int
    /// Whether it can be given work.
    package var state: State
    /// What it runs.
    package var jobs: [JobID]
    /// What it found on its machine.
    package var capabilities: [String: String]
    /// Program and version.
    package var software: String
    /// When it was last heard.
    package var lastHeard: Timestamp

    package init(
        name: WorkerName, architectures: [Architecture], slots: Int, state: State, jobs: [JobID],
        capabilities: [String: String], software: String, lastHeard: Timestamp
    ) {
        self.name = name
        self.architectures = architectures
        self.slots = slots
        self.state = state
        self.jobs = jobs
        self.capabilities = capabilities
        self.software = software
        self.lastHeard = lastHeard
    }

    /// Whether a worker can be given work.
    package enum State: String, Codable, Sendable {
        case connected
        case draining
        /// Silent for longer than the limit; its jobs are given away after the grace.
        case dead
        case disconnected
    }
}

/// Asks how the farm is.
package struct AskStatus: Message, Equatable {
    package init() {}

    package static let type = "status"
}

/// How the farm is.
package struct StatusReport: Message, Equatable {
    /// Program and version.
    package var server: String
    /// Where it keeps its data.
    package var root: String
    /// Since when it runs.
    package var startedAt: Timestamp
    /// Its clock when it answered; nil of a farm that does not say it.
    package var now: Timestamp?
    /// How many jobs are in each state.
    package var jobs: [String: Int]
    /// Workers connected.
    package var workers: Int
    /// Slots free on them.
    package var freeSlots: Int
    /// What the artifacts take.
    package var storeBytes: Int64
    /// What the disk has left.
    package var freeBytes: Int64
    /// What needs attention, for example jobs that no worker can run.
    package var problems: [Problem]

    package init(
        server: String, root: String, startedAt: Timestamp, now: Timestamp? = nil, jobs: [String: Int], workers: Int,
        freeSlots: Int,
        storeBytes: Int64, freeBytes: Int64, problems: [Problem] = []
    ) {
        self.server = server
        self.root = root
        self.startedAt = startedAt
        self.now = now
        self.jobs = jobs
        self.workers = workers
        self.freeSlots = freeSlots
        self.storeBytes = storeBytes
        self.freeBytes = freeBytes
        self.problems = problems
    }

    package static let type = "statusReport"
}

/// Asks why a job waits.
package struct Explain: Message, Equatable {
    /// Which; `<build>.<name>`.
    package var job: JobID

    package init(
        job: JobID
    ) {
        self.job = job
    }

    package static let type = "explain"
}

/// Why, constraint by constraint and worker by worker.
package struct Explained: Message, Equatable {
    /// The job.
    package var job: JobID
    /// Where it is.
    package var state: JobState
    /// One sentence.
    package var summary: String
    /// The details.
    package var lines: [String]

    package init(
        job: JobID, state: JobState, summary: String, lines: [String]
    ) {
        self.job = job
        self.state = state
        self.summary = summary
        self.lines = lines
    }

    package static let type = "explained"
}
