package import FactoryProtocol

/// What a job's body has around it.
package struct JobContext: Sendable {
    /// The job.
    package var job: JobID
    /// Artifacts of earlier jobs. Their bytes are at ``inputPath(_:)``.
    package var inputs: [Artifact]
    /// The job's own directory.
    package var spool: String
    /// Layer directories by key, kept between jobs.
    package var trees: String
    /// Package and download caches, kept between jobs.
    package var cache: String
    /// Make everything again, whatever is kept.
    package var noCache: Bool
    /// The time that results carry, when the description gives one, in seconds since 1970.
    package var sourceDateEpoch: Int64?
    /// What its tools get of the worker's environment.
    package var tools: ToolEnvironment
    /// Its voice.
    package var report: JobReport
    /// Whether the job is being ended because it may write no more to its disk.
    package var isOutOfRoom: @Sendable () -> Bool

    package init(
        job: JobID, inputs: [Artifact], spool: String, trees: String, cache: String, noCache: Bool,
        sourceDateEpoch: Int64? = nil, tools: ToolEnvironment = ToolEnvironment([:]), report: JobReport,
        isOutOfRoom: @escaping @Sendable () -> Bool = { false }
    ) {
        self.job = job
        self.inputs = inputs
        self.spool = spool
        self.trees = trees
        self.cache = cache
        self.noCache = noCache
        self.sourceDateEpoch = sourceDateEpoch
        self.tools = tools
        self.report = report
        self.isOutOfRoom = isOutOfRoom
    }

    /// Where the job leaves its artifacts, by name.
    package var out: String { spool + "/out" }

    /// Scratch space, gone with the job.
    package var work: String { spool + "/work" }

    /// Where the bytes of an input are.
    package func inputPath(_ digest: Digest) -> String { spool + "/in/" + digest.hex }
}
