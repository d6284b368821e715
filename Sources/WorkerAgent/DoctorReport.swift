import FactoryExecution
import FactoryProtocol
import Glibc
import Processes

/// What `factory-worker doctor` says: one line a check, and what to do. Pure, so that it is tested without a machine.
struct DoctorReport: Sendable {
    struct Line: Sendable, Equatable {
        enum Mark: String, Sendable {
            case good
            case bad
            /// Most jobs can be done; some may fail.
            case warning
            case remark
        }

        let mark: Mark
        let what: String
        let detail: String
    }

    private(set) var lines: [Line] = []
    private let packages: [String]

    /// The least room for one job, in bytes: two layers, a squashfs and an ISO.
    static let leastRoom: Int64 = 8 << 30

    init(
        capabilities: Capabilities, isolation: Isolation, root: String, freeBytes: Int64?,
        workPlace: WorkPlace = WorkPlace(), environment: ToolEnvironment = ToolEnvironment([:]),
        start: StartConditions? = nil
    ) {
        packages = capabilities.missingPackages
        for (name, value) in capabilities.found.sorted(by: { $0.key < $1.key }) where name.hasPrefix("tool.") {
            lines.append(
                value == "no"
                    ? Line(mark: .bad, what: String(name.dropFirst(5)), detail: "not found")
                    : Line(mark: .good, what: String(name.dropFirst(5)), detail: value))
        }
        lines.append(
            Line(
                mark: isolation.hasPrivateMounts ? .good : .bad, what: "isolation",
                detail: ([isolation.description] + isolation.reasons).joined(separator: "; ")))
        lines.append(
            Line(
                mark: capabilities.found["ovmf"] == "yes" ? .good : .bad, what: "UEFI firmware",
                detail: capabilities.found["ovmf"] == "yes" ? "found" : "not found"))
        lines.append(
            Line(
                mark: .remark, what: "kvm",
                detail: capabilities.found["kvm"] == "no"
                    ? "not usable: boot checks run emulated and take minutes"
                    : "works"))
        if let freeBytes {
            let room = freeBytes / (1 << 30)
            lines.append(
                Line(
                    mark: freeBytes >= Self.leastRoom ? .good : .bad, what: "space",
                    detail: "\(room) GiB free in \(root)"
                        + (freeBytes >= Self.leastRoom ? "" : "; a job needs \(Self.leastRoom >> 30) GiB")))
        } else {
            lines.append(Line(mark: .bad, what: "space", detail: "\(root) cannot be looked at"))
        }
        let options = workPlace.options.isEmpty ? "" : " (mounted \(workPlace.options.joined(separator: ",")))"
        lines.append(
            workPlace.problems.isEmpty
                ? Line(
                    mark: .good, what: "directory", detail: (workPlace.path.isEmpty ? root : workPlace.path) + options)
                : Line(mark: .bad, what: "directory", detail: workPlace.problems.joined(separator: "; ")))
        lines.append(
            Line(
                mark: workPlace.ownersProblem == nil ? .good : .bad, what: "root",
                detail: workPlace.ownersProblem ?? "jobs can give files to any user, as images need"))
        if let start { add(start) }
        add(environment)
    }

    /// The least of the hard limit: the usual soft one, which programs are written for. A mount of 200 layers has a
    /// descriptor for each.
    static let leastDescriptors: UInt64 = 1024

    /// What the worker was started with. The agent inherits the same only when it is started in the same way.
    private mutating func add(_ start: StartConditions) {
        lines.append(
            Line(
                mark: .remark, what: "umask",
                detail: "started with \(Self.octal(start.umask)); jobs always run with "
                    + Self.octal(StartConditions.umaskOfJobs)))
        let limits = "soft limit \(Self.limit(start.softDescriptors)), hard limit \(Self.limit(start.hardDescriptors))"
        lines.append(
            start.hardDescriptors >= Self.leastDescriptors
                ? Line(mark: .good, what: "descriptors", detail: limits)
                : Line(
                    mark: .warning, what: "descriptors",
                    detail: limits + "; jobs may need \(Self.leastDescriptors): raise the hard limit (ulimit -Hn, "
                        + "LimitNOFILE=)"))
    }

    private static func octal(_ mask: mode_t) -> String {
        let digits = String(mask, radix: 8)
        return String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }

    private static func limit(_ number: UInt64) -> String { number == .max ? "none" : String(number) }

    /// What tools get of the environment; of credentials only where they are.
    private mutating func add(_ environment: ToolEnvironment) {
        for (name, value) in environment.shownProxies {
            lines.append(Line(mark: .remark, what: name, detail: value))
        }
        for source in environment.certificateSources {
            lines.append(Line(mark: .remark, what: "authorities", detail: source))
        }
        if let file = environment.authFile { lines.append(Line(mark: .remark, what: "auth file", detail: file)) }
        for problem in environment.problems {
            lines.append(
                Line(
                    mark: .bad, what: problem.name,
                    detail: problem.why + "; correct it in the environment of the agent (/etc/factory/worker.env)"))
        }
    }

    /// Whether every job can be done here.
    var isHealthy: Bool { !lines.contains { $0.mark == .bad } }

    /// What to type, when packages are missing.
    var remedy: String? {
        packages.isEmpty ? nil : "apt-get install --no-install-recommends " + packages.joined(separator: " ")
    }

    /// The lines as they are printed.
    var text: String {
        let width = lines.map(\.what.count).max() ?? 0
        var text = lines.map { line in
            let mark =
                switch line.mark {
                case .good: "ok     "
                case .bad: "MISSING"
                case .warning: "warning"
                case .remark: "note   "
                }
            return "\(mark)  \(line.what)\(String(repeating: " ", count: width - line.what.count))  \(line.detail)\n"
        }.joined()
        if let remedy { text += "\nTo repair it:\n    \(remedy)\n" }
        return text
    }
}
