import FactoryExecution
import FactoryProtocol
import IO
import TestSupport

/// A job's surroundings in a folder of their own, with every event kept.
final class RecordedJob: Sendable {
    let folder: TemporaryFolder
    /// The events as they come, for one reader.
    let stream: AsyncStream<Event.Kind>
    private let tell: AsyncStream<Event.Kind>.Continuation
    private let kept = Locked<[Event.Kind]>([])

    init() throws {
        folder = try TemporaryFolder()
        (stream, tell) = AsyncStream.makeStream()
        for name in ["in", "out", "work", "trees", "cache"] { try Directory.make(folder.file(name)) }
    }

    var events: [Event.Kind] { kept.withLock { $0 } }

    var artifacts: [Artifact] {
        events.compactMap { if case .artifact(let artifact) = $0 { artifact } else { nil } }
    }

    func context(inputs: [Artifact] = []) -> JobContext {
        let kept = kept
        let tell = tell
        return JobContext(
            job: JobID("test"), inputs: inputs, spool: folder.path, trees: folder.file("trees"),
            cache: folder.file("cache"), noCache: false, sourceDateEpoch: 1_700_000_000,
            report: JobReport { event in
                kept.withLock { $0.append(event) }
                tell.yield(event)
            })
    }
}
