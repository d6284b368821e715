import FactoryProtocol

/// Jobs as users write them.
enum JobName {
    /// The id of a job that is named whole (`01J….iso-amd64`) or by its name within the build (`iso-amd64`).
    static func id(_ text: String, _ build: BuildID) -> JobID {
        text.contains(".") ? JobID(text) : JobID("\(build).\(text)")
    }
}
