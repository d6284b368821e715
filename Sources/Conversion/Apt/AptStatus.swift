/// A line of apt's status descriptor (`APT::Status-Fd`, documented in apt's README.progress-reporting).
package enum AptStatus: Sendable, Equatable {
    /// `dlstatus:FILES:PERCENT:TEXT`: how far the download is.
    case download(percent: Double, text: String)
    /// `pmstatus:PACKAGE:PERCENT:TEXT`: how far dpkg is.
    case installing(package: String, percent: Double, text: String)
    /// `pmerror:PACKAGE:PERCENT:TEXT`: what dpkg could not do.
    case failed(package: String, text: String)

    /// Reads a line; nil for kinds that do not matter here (`pmconffile`, `media-change`) and for anything else. The
    /// percentage is of all that the transaction does.
    package init?(_ line: String) {
        let fields = line.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 4, let percent = Double(fields[2]), percent.isFinite else { return nil }
        let bounded = min(100, max(0, percent))
        switch fields[0] {
        case "dlstatus": self = .download(percent: bounded, text: fields[3])
        case "pmstatus": self = .installing(package: fields[1], percent: bounded, text: fields[3])
        case "pmerror": self = .failed(package: fields[1], text: fields[3])
        default: return nil
        }
    }
}
