import FactoryExecution
import FactoryProtocol
import Processes

/// What `factory-worker doctor` says: one line a check, and what to do. Pure, so that it is tested without a machine.
struct DoctorReport: Sendable {
    struct Line: Sendable, Equatable {
        enum Mark: String, Sendable {
            case good
            case bad
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
        workPlace: WorkPlace = WorkPlace(), environment: ToolEnvironment = ToolEnvironment([:])
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
                ? Line(mark: .good, what: "directory", detail: root + options)
                : Line(mark: .bad, what: "directory", detail: workPlace.problems.joined(separator: "; ")))
        add(environment)
    }

    /// What tools get of the environment; of credentials only where they are.
    private mutating func add(_ environment: ToolEnvironment) {
        for (name, value) in environment.shownProxies {
            lines.append(Line(mark: .remark, what: name, detail: value))
        }
        for source in environment.certificateSources {
            lines.append(Line(mark: .remark, what: "authorities", detail: source))
        }
        if let file = environment.authFile { lines.append(Line(mark: .remark, what: "auth file", detail: file)) }
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
                case .remark: "note   "
                }
            return "\(mark)  \(line.what)\(String(repeating: " ", count: width - line.what.count))  \(line.detail)\n"
        }.joined()
        if let remedy { text += "\nTo repair it:\n    \(remedy)\n" }
        return text
    }
}
