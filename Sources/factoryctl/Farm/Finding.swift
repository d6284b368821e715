import FactoryClient
import FactoryProtocol
import Terminal

/// One thing that was looked at: good, or with advice.
struct Finding: Sendable, Equatable {
    /// What was looked at, in a word.
    let subject: String
    /// What to do about it; nil when it is good.
    let advice: String?
    /// What was seen.
    let seen: String

    init(_ subject: String, _ advice: String?, _ seen: String) {
        self.subject = subject
        self.advice = advice
        self.seen = seen
    }

    /// Below this an image and its ISO may not fit.
    private static let leastFree: Int64 = 10 << 30

    func lines(unicode: Bool) -> [Painted] {
        let sign = (advice == nil ? Sentence.Sign.good : .bad).painted(unicode: unicode)
        let first = sign + Painted(" \(subject.padded(to: 10)) ") + Painted(Neutralized.text(seen))
        return [first] + (advice.map { [Painted("             \($0)", .yellow)] } ?? [])
    }

    /// Whether server and program are of one version.
    static func versions(ours: String, server: String) -> Finding {
        let isSame = server.hasSuffix(" " + ours)
        return Finding(
            "version", isSame ? nil : "upgrade the older of the two: newer messages are not understood by it",
            "this program \(ours), \(server)")
    }

    /// How far two clocks may be apart.
    private static let mostDrift = Duration.seconds(5)

    /// Whether the farm's clock is that of this machine. It answered between `asked` and `answered`, however long that took.
    static func clock(_ status: StatusReport, asked: Timestamp, answered: Timestamp) -> Finding {
        guard let farm = status.now else {
            // Since when it runs is all that it says; the clock may have been set since.
            return Finding("clock", nil, "this factoryd does not say what time it has")
        }
        let (ahead, behind) = (farm.since(answered), asked.since(farm))
        guard ahead > mostDrift || behind > mostDrift else { return Finding("clock", nil, "agrees") }
        let words = ahead > behind ? "ahead by \(Human.duration(ahead))" : "behind by \(Human.duration(behind))"
        return Finding(
            "clock", "set both machines' clocks (timedatectl set-ntp true)", "the farm's clock is \(words)")
    }

    /// The disk, and what the farm itself complains of.
    static func farm(_ status: StatusReport, next: NextCommand) -> [Finding] {
        let hasRoom = status.freeBytes >= leastFree
        let disk = Finding(
            "disk", hasRoom ? nil : "make room: a build needs \(Human.bytes(leastFree)) and more",
            "\(Human.bytes(status.freeBytes)) free at \(status.root)")
        return [disk]
            + status.problems.map { Finding("farm", $0.suggestion.map(next.adopted) ?? next("explain"), $0.message) }
    }

    /// Why the farm does not answer, and what helps: that depends on how it does not.
    static func unreachable(_ error: ClientError) -> Finding {
        let advice =
            switch error.code {
            case .notPermitted:
                (error.group.map { "add the user to the group \($0) (usermod -aG \($0) USER), or " } ?? "")
                    + "be the socket's owner or root"
            case _ where error.reason == "not-allowed":
                "add the user to the group factory (usermod -aG factory USER), or be root"
            case _ where error.reason == "speaks-http": "name the other socket by --socket"
            case _ where error.code == .badReply || error.reason == "no-common-version":
                "upgrade the older of factoryd and this program"
            case .timedOut: "factoryd is there and silent: look into its log (journalctl -u factoryd)"
            case .connectionLost: "factoryd ended the connection: look into its log (journalctl -u factoryd)"
            case .refused, .rejected: "look into the log of factoryd (journalctl -u factoryd)"
            default: "start factoryd, or name the farm by --root or --socket"
            }
        return Finding("farm", advice, "\(error)")
    }

    /// Who could build, and whether they can.
    static func workers(_ workers: [WorkerSummary], next: NextCommand) -> [Finding] {
        let alive = workers.filter { [.connected, .draining].contains($0.state) }
        guard !alive.isEmpty else {
            let seen = workers.isEmpty ? "none" : "\(workers.count), none of them connected"
            return [Finding("workers", "start factory-worker; its own doctor says what its machine lacks", seen)]
        }
        return alive.map { worker in
            guard worker.state == .connected else {
                return Finding(
                    "worker", "give it jobs again: \(next("undrain \(worker.name)"))",
                    "\(worker.name): connected, drained")
            }
            // A worker that looked and found none says "no".
            let isolation = worker.capabilities["isolation"].flatMap { $0 == "no" ? nil : $0 }
            let architectures = worker.architectures.map(\.rawValue).joined(separator: ", ")
            let makesImages = worker.capabilities["root"] != "no"
            let advice: String? =
                if isolation == nil {
                    "it cannot isolate jobs: run 'factory-worker doctor' there"
                } else if !makesImages {
                    "it makes no images: run 'factory-worker doctor' there"
                } else {
                    nil
                }
            return Finding(
                "worker", advice,
                "\(worker.name): \(architectures), \(Human.count(worker.slots, "slot")), "
                    + "isolation \(isolation ?? "none"), kvm \(worker.capabilities["kvm"] ?? "no")"
                    + (makesImages ? "" : ", no images"))
        }
    }
}
