import FactoryClient
import FactoryProtocol
import Terminal

/// How far a transfer is, as a line. Pure.
struct FetchLine: Sendable {
    let name: String
    let size: Int64
    let unicode: Bool

    /// The line for a screen: name, bar, sizes, pace.
    func live(done: Int64, elapsed: Duration, width: Int) -> Painted {
        let bar = Bar.text(done: done, of: size, width: min(20, width / 4), unicode: unicode)
        let seconds = max(0.001, elapsed / .seconds(1))
        let pace = done > 0 ? "  \(Human.bytes(Int64(min(Double(done) / seconds, 1e18))))/s" : ""
        let numbers = "  \(Human.bytes(done)) of \(Human.bytes(size))\(pace)"
        let room = max(8, width - 3 - bar.columns - numbers.columns)
        let short = Neutralized.text(name).cutInTheMiddle(to: room, ellipsis: unicode ? "…" : "...")
        return Painted("\(short)  ") + Painted(bar, .cyan) + Painted(numbers, .dim)
    }

    /// The line for good.
    func finished(_ outcome: BlobClient.Fetched, digest: Digest, path: String) -> Painted {
        let how =
            switch outcome {
            case .kept: "was there"
            case .fetched(resumedFrom: 0): "fetched"
            case .fetched(let bytes): "fetched, \(Human.bytes(Int64(bytes))) were there"
            }
        return Painted(unicode ? "✓ " : "+ ", .green) + Painted("\(path)  \(Human.bytes(size))  ")
            + Painted("\(digest)  \(how)", .dim)
    }
}
