/// How an attempt ended: who is at fault says whether another may be made.
package enum Outcome: Codable, Sendable, Equatable {
    case succeeded
    case failed(Failure)
    case cancelled(Cancellation)
}

/// An attempt that was stopped because somebody asked.
package struct Cancellation: Codable, Sendable, Equatable {
    /// Who asked, and why.
    package var reason: String
    /// True when the job did not end within ten seconds of TERM and had to be killed.
    package var killed: Bool

    package init(
        reason: String, killed: Bool
    ) {
        self.reason = reason
        self.killed = killed
    }
}

/// An attempt that failed.
package struct Failure: Codable, Sendable, Equatable {
    /// Who is at fault.
    package var cause: Cause
    /// A stable name, for example `apt-unreachable` or `disk-full`.
    package var code: String
    /// One sentence: the thing, the value, the limit, what to do.
    package var message: String
    /// The step that failed, by its identifier.
    package var step: String?
    /// The failing tool's own words around the first error, at most 80 lines of 1024 bytes.
    package var excerpt: [String]
    /// How the failing program ended: `exit status 100`, `signal 9 (KILL)`.
    package var exitStatus: String?

    package init(
        cause: Cause, code: String, message: String, step: String? = nil, excerpt: [String] = [],
        exitStatus: String? = nil
    ) {
        self.cause = cause
        self.code = code
        self.message = message
        self.step = step
        self.excerpt = excerpt
        self.exitStatus = exitStatus
    }

    /// The code of a job that its worker's mount does not let be done. The worker looks at itself again when it sees it.
    package static let mountForbids = "mount-forbids"

    /// The code of a job whose input is damaged in the store. The farm looks at the inputs in the store when it sees it.
    package static let damagedBlob = "damaged-blob"

    /// Whether another attempt may end better. A result that does not fit into the farm's own store is made a second time
    /// for nothing: people have to make room first. An input that is damaged stays so until another build makes it again.
    package var mayRetry: Bool {
        cause.mayRetry && !(cause == .infrastructure && (code == "disk-full" || code == Self.damagedBlob))
    }

    /// Who is at fault.
    package enum Cause: String, Codable, Sendable, CaseIterable {
        /// The description asks for what cannot be made. Another attempt would fail the same way.
        case spec
        /// The worker or its machine: a lost heartbeat, a full disk, a killed process.
        case worker
        /// Something outside both: a package mirror, a registry, the network.
        case infrastructure
        /// A defect of ours.
        case `internal`

        /// Whether another attempt may end better.
        package var mayRetry: Bool {
            switch self {
            case .spec, .internal: false
            case .worker, .infrastructure: true
            }
        }
    }
}

extension Outcome {
    private enum Keys: String, CodingKey {
        case result
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Keys.self)
        let result = try container.decode(String.self, forKey: .result)
        switch result {
        case "succeeded": self = .succeeded
        case "failed": self = .failed(try Failure(from: decoder))
        case "cancelled": self = .cancelled(try Cancellation(from: decoder))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .result, in: container,
                debugDescription: "\"\(result)\" is no result: succeeded, failed or cancelled")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        switch self {
        case .succeeded:
            try container.encode("succeeded", forKey: .result)
        case .failed(let failure):
            try container.encode("failed", forKey: .result)
            try failure.encode(to: encoder)
        case .cancelled(let cancellation):
            try container.encode("cancelled", forKey: .result)
            try cancellation.encode(to: encoder)
        }
    }
}
