/// A short real job that exercises a worker's path from claim to verdict: log lines, progress, files, child
/// processes.
package struct SelfTest: Codable, Sendable, Hashable {
    /// How long its steps run, in seconds; 1 to 3600.
    package var seconds: Int
    /// How many log lines it prints; 0 to 1000.
    package var linesPerSecond: Int
    /// How much it writes, hashes and delivers as an artifact; 0 to 1024, and with 0 there is no artifact.
    package var megabytes: Int
    /// End in this failure instead: `spec`, `worker`, `infrastructure` or `internal`.
    package var failure: String?
    /// Mount a file system of so many MiB in memory over its scratch directory while it runs; 1 to 64.
    package var scratchMegabytes: Int?

    package init(
        seconds: Int, linesPerSecond: Int = 10, megabytes: Int = 1, failure: String? = nil,
        scratchMegabytes: Int? = nil
    ) {
        self.seconds = seconds
        self.linesPerSecond = linesPerSecond
        self.megabytes = megabytes
        self.failure = failure
        self.scratchMegabytes = scratchMegabytes
    }
}

extension SelfTest {
    /// Reads a self-test as it is stored: a key that is missing means the default, and a number outside of its limits is
    /// refused, whoever wrote it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func number(_ key: CodingKeys, in range: ClosedRange<Int>) throws -> Int? {
            guard let value = try container.decodeIfPresent(Int.self, forKey: key) else { return nil }
            guard range.contains(value) else {
                throw DecodingError.dataCorruptedError(
                    forKey: key, in: container,
                    debugDescription: "\(value) is not in \(range.lowerBound) to \(range.upperBound)")
            }
            return value
        }
        guard let seconds = try number(.seconds, in: 1...3600) else {
            throw DecodingError.keyNotFound(
                CodingKeys.seconds,
                DecodingError.Context(codingPath: container.codingPath, debugDescription: "a self-test has seconds"))
        }
        self.init(seconds: seconds)
        linesPerSecond = try number(.linesPerSecond, in: 0...1000) ?? linesPerSecond
        megabytes = try number(.megabytes, in: 0...1024) ?? megabytes
        failure = try container.decodeIfPresent(String.self, forKey: .failure)
        scratchMegabytes = try number(.scratchMegabytes, in: 1...64)
    }
}
