import FactoryProtocol
import IO

/// What a worker said of its jobs and was not dealt with yet: one lane a job, in the order in which it came.
///
/// Pure. A job whose log is slow holds up its own lane; the worker's other jobs and its heartbeats go on.
struct JobLanes<Element: Sendable>: Sendable {
    /// What a report takes beside its bytes.
    private static var overhead: Int { 1024 }

    /// How many bytes may wait or be dealt with, about, before nothing more is read.
    private let mostBytes: Int
    private var lanes: [JobID: [(element: Element, bytes: Int)]] = [:]
    /// What is being dealt with, in bytes.
    private var current: [JobID: Int] = [:]
    private var bytes = 0

    init(mostBytes: Int) { self.mostBytes = mostBytes }

    /// Whether so much waits that the worker has to wait as well.
    var isFull: Bool { bytes >= mostBytes }

    /// Adds what was said of a job. True when its lane begins: somebody has to run it then.
    mutating func add(_ element: Element, bytes size: Int, of job: JobID) -> Bool {
        let size = size.addingSaturated(Self.overhead)
        bytes = bytes.addingSaturated(size)
        let begins = lanes[job] == nil
        lanes[job, default: []].append((element, size))
        return begins
    }

    /// What comes next in a lane, for the one that it had before is dealt with; nil ends it.
    mutating func next(of job: JobID) -> Element? {
        bytes -= current.removeValue(forKey: job) ?? 0
        guard let lane = lanes[job], let first = lane.first else {
            lanes[job] = nil
            return nil
        }
        lanes[job]?.removeFirst()
        current[job] = first.bytes
        return first.element
    }
}
