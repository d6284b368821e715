import FactoryProtocol

/// What a worker says of one of its jobs.
enum WorkerReport: Sendable {
    case accepted(Accepted)
    case declined(Declined)
    case events(JobEvents)
    case finished(Finished)

    /// The report that a message is; nil when it is of another type.
    ///
    /// - Throws: ``ProtocolError`` when it cannot be read.
    init?(_ incoming: Incoming) throws(ProtocolError) {
        switch incoming.type {
        case Accepted.type: self = .accepted(try incoming.decode())
        case Declined.type: self = .declined(try incoming.decode())
        case JobEvents.type: self = .events(try incoming.decode())
        case Finished.type: self = .finished(try incoming.decode())
        default: return nil
        }
    }

    /// The job that the report is about: its lane.
    var job: JobID {
        switch self {
        case .accepted(let message): message.job
        case .declined(let message): message.job
        case .events(let message): message.job
        case .finished(let message): message.job
        }
    }
}
