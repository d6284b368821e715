import FactoryImages
import FactoryProtocol
import Processes

/// What apt's own words say about a failure: whose fault it is, and whether to try again.
struct AptFailure: Sendable, Equatable {
    /// Who is at fault.
    let cause: Failure.Cause
    /// A stable name.
    let code: String
    /// The line that says it, without apt's `E: `.
    let words: String

    /// What apt says, and what it means. The first that is found in any line counts, in this order: a full disk makes
    /// downloads and scripts fail too.
    private static let meanings: [(phrases: [String], cause: Failure.Cause, code: String)] = [
        (["No space left on device", "You don't have enough free space"], .worker, "disk-full"),
        // Of a server that is there and cannot answer now, apt says as well that it "does not have a Release file".
        (ServerErrors.phrases, .infrastructure, "apt-unreachable"),
        (
            [
                "Unable to locate package", "has no installation candidate", "Couldn't find any package",
                "Unable to correct problems", "unmet dependencies", "Broken packages", "held broken packages",
                "does not have a Release file", "The method driver",
            ], .spec, "packages-unresolvable"
        ),
        (
            [
                "Temporary failure resolving", "Could not resolve", "Could not connect", "Unable to connect",
                "Connection timed out", "connection timed out", "Connection failed", "Connection refused",
                "Failed to fetch", "Unable to fetch", "Some index files failed to download", "Hash Sum mismatch",
                "File has unexpected size", "is not valid yet", "is expired", "Cannot initiate the connection",
                "Network is unreachable", "Error reading from server", "Could not handshake",
            ], .infrastructure, "apt-unreachable"
        ),
        (["not signed", "NO_PUBKEY", "EXPKEYSIG", "BADSIG"], .spec, "archive-untrusted"),
        (["Could not get lock", "Unable to lock"], .worker, "apt-locked"),
        (["returned an error code", "dpkg: error"], .spec, "package-script-failed"),
    ]

    /// Reads the lines that apt printed, and how it ended.
    ///
    /// apt and dpkg are programs of the base: what they say in words that nobody knows, they say on every worker.
    init(lines: [String], status: ProcessStatus = .exited(100)) {
        for meaning in Self.meanings {
            guard let line = lines.first(where: { line in meaning.phrases.contains(where: line.contains) }) else {
                continue
            }
            (cause, code, words) = (meaning.cause, meaning.code, Self.bare(line))
            return
        }
        (cause, code) = status.isSignal ? (.worker, "tool-killed") : (.spec, "apt-failed")
        words = (lines.last { $0.hasPrefix("E: ") } ?? lines.last).map(Self.bare) ?? "apt said nothing"
    }

    /// Whether another try may end better.
    var isTransient: Bool { cause == .infrastructure }

    private static func bare(_ line: String) -> String {
        for prefix in ["E: ", "W: ", "Err:"] where line.hasPrefix(prefix) {
            return String(line.dropFirst(prefix.count))
        }
        return line
    }
}
