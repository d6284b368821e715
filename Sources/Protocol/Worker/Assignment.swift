package import JSON

/// A job for a worker with a free slot.
package struct Assign: Message, Equatable {
    /// The job.
    package var job: JobID
    /// Counted from 1.
    package var attempt: Int
    /// The claim.
    package var fence: Fence
    /// What to do: one `JobWork`.
    package var work: JSONValue
    /// The number of the format that `work` is written in; 1 where it is missing.
    package var workFormat: Int64?
    /// Make everything again.
    package var noCache: Bool
    /// Artifacts of earlier jobs.
    package var inputs: [Input]
    /// Where results go.
    package var upload: Upload
    /// After this long the job is ended.
    package var timeoutSeconds: Int64
    /// The time that results carry, in seconds since 1970, when the description gives one.
    package var sourceDateEpoch: Int64?

    package init(
        job: JobID, attempt: Int, fence: Fence, work: JSONValue, workFormat: Int64? = nil, noCache: Bool = false,
        inputs: [Input] = [], upload: Upload, timeoutSeconds: Int64, sourceDateEpoch: Int64? = nil
    ) {
        self.job = job
        self.attempt = attempt
        self.fence = fence
        self.work = work
        self.workFormat = workFormat
        self.noCache = noCache
        self.inputs = inputs
        self.upload = upload
        self.timeoutSeconds = timeoutSeconds
        self.sourceDateEpoch = sourceDateEpoch
    }

    package static let type = "assign"
}

/// An artifact that a job needs.
package struct Input: Codable, Sendable, Equatable {
    /// The artifact.
    package var artifact: Artifact
    /// Its file, when worker and server may share a disk.
    package var localPath: String?

    package init(
        artifact: Artifact, localPath: String? = nil
    ) {
        self.artifact = artifact
        self.localPath = localPath
    }
}

/// Where an attempt's results go.
package struct Upload: Codable, Sendable, Equatable {
    /// Base URL of the store: `unix:/path/http.sock` or `http://host:port`.
    package var url: String
    /// Good for this attempt only.
    package var token: String
    /// A directory of the store for results, when worker and server may share a disk.
    package var localDirectory: String?
    /// Bytes that jobs leave free on the disk of `localDirectory`; not given by older servers.
    package var reserveBytes: Int64?

    package init(
        url: String, token: String, localDirectory: String? = nil, reserveBytes: Int64? = nil
    ) {
        self.url = url
        self.token = token
        self.localDirectory = localDirectory
        self.reserveBytes = reserveBytes
    }
}

/// The worker runs the job.
package struct Accepted: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence

    package init(
        job: JobID, fence: Fence
    ) {
        self.job = job
        self.fence = fence
    }

    package static let type = "accepted"
}

/// The worker does not take the job.
package struct Declined: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence
    /// Why.
    package var reason: String

    package init(
        job: JobID, fence: Fence, reason: String
    ) {
        self.job = job
        self.fence = fence
        self.reason = reason
    }

    package static let type = "declined"
}

/// End this job: TERM, ten seconds, KILL.
package struct CancelJob: Message, Equatable {
    /// The job.
    package var job: JobID
    /// The claim.
    package var fence: Fence
    /// Who asks and why.
    package var reason: String

    package init(
        job: JobID, fence: Fence, reason: String
    ) {
        self.job = job
        self.fence = fence
        self.reason = reason
    }

    package static let type = "cancel"
}

/// No more jobs will come; what runs goes on.
package struct Drain: Message, Equatable {
    package init() {}

    package static let type = "drain"
}
