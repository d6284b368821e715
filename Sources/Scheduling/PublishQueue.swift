import FactoryProtocol

/// Whose events are to be put into their logs: each build once at a time, and once more when it was asked for meanwhile.
///
/// Pure. A publish reads everything that was committed before it began. Whoever asks while one runs is served by the next.
struct PublishQueue {
    /// How many run at once, at most. What somebody waits for is begun beyond that.
    private let limit: Int
    /// Builds in the order in which they were asked for. One that is not in `waiting` any more was begun.
    private var order: [BuildID] = []
    private var waiting: Set<BuildID> = []
    private var running: Set<BuildID> = []
    /// Builds that were asked for while they ran, and whether somebody waits for them.
    private var again: [BuildID: Bool] = [:]
    /// Builds that somebody waits for.
    private var urgent: [BuildID] = []

    init(limit: Int) { self.limit = limit }

    /// Asks for a publish that begins from now on.
    mutating func ask(_ build: BuildID, isAwaited: Bool) {
        guard !running.contains(build) else {
            again[build] = again[build] ?? false || isAwaited
            return
        }
        if waiting.insert(build).inserted, !isAwaited { order.append(build) }
        if isAwaited { urgent.append(build) }
    }

    /// The next build to publish, which runs from now on; nil when there is none, or enough run.
    mutating func begin() -> BuildID? {
        while let build = urgent.popLast() {
            if waiting.remove(build) != nil { return run(build) }
        }
        guard running.count < limit else { return nil }
        guard let place = order.firstIndex(where: waiting.contains) else {
            order = []
            return nil
        }
        let build = order[place]
        order.removeSubrange(...place)
        waiting.remove(build)
        return run(build)
    }

    private mutating func run(_ build: BuildID) -> BuildID {
        running.insert(build)
        return build
    }

    /// A publish is over.
    mutating func ended(_ build: BuildID) {
        running.remove(build)
        if let isAwaited = again.removeValue(forKey: build) { ask(build, isAwaited: isAwaited) }
    }
}
