import FactoryExecution
import FactoryImages
import FactoryProtocol
import IO
import Processes

/// apt-get in a tree: refresh, look up, install.
struct Apt: Sendable {
    /// The tree.
    let runner: TreeRunner
    /// The job's own directory for indexes, caches and package files, shown in the tree as ``place``.
    let directory: String
    /// Where package files are kept between jobs.
    let pool: ArchivePool
    /// What it gets of the worker's environment.
    let environment: ToolEnvironment
    /// Where the tree sees the authorities that the worker's environment names; nil when the usual ones count.
    private let certificates: String?

    /// - Throws: `IOError` when an authority that the environment names cannot be read.
    init(
        runner: TreeRunner, directory: String, pool: ArchivePool, environment: ToolEnvironment = ToolEnvironment([:])
    ) throws {
        self.runner = runner
        self.directory = directory
        self.pool = pool
        self.environment = environment
        let name = "certificates.pem"
        certificates = try environment.certificateBundle(at: "\(directory)/\(name)").map { _ in "\(Self.place)/\(name)"
        }
    }

    /// Where `directory` is seen in the tree: nothing of it is ever part of a layer.
    static let place = "/run/apt"

    /// How often a transfer is tried by us, besides apt's own tries for every file.
    private static let tries = 2
    /// How long to wait before the next try: a mirror in the middle of its update is consistent again after seconds.
    private static let pause = Duration.seconds(10)
    /// Longest time without end for one call.
    private static let limit = Duration.seconds(45 * 60)

    /// What every call is given.
    private static let options = settings([
        ("Acquire::Retries", "3"),
        ("Acquire::http::Timeout", "30"),
        ("Acquire::https::Timeout", "30"),
        // Descriptions in other languages: a third of the download, and nobody reads them here.
        ("Acquire::Languages", "none"),
        // An index that cannot be had is an error and no warning: else old versions go in silently.
        ("APT::Update::Error-Mode", "any"),
        ("APT::Install-Recommends", "false"),
        ("Dir::State::lists", "\(place)/lists/"),
        ("Dir::Cache::archives", "\(place)/archives/"),
        ("Dir::Cache::pkgcache", "\(place)/pkgcache.bin"),
        ("Dir::Cache::srcpkgcache", "\(place)/srcpkgcache.bin"),
        // The sandbox user cannot read a directory that is mounted in from a private place.
        ("APT::Sandbox::User", "root"),
        ("Dpkg::Use-Pty", "0"),
        // Nothing that a power cut spoils outlives this job; the layer is synced as a whole.
        ("Dpkg::Options::", "--force-unsafe-io"),
        ("Dpkg::Options::", "--force-confdef"),
        ("Dpkg::Options::", "--force-confold"),
    ])

    /// Fetches the package indexes.
    func refresh(_ step: StepReport) async throws {
        try await withTries(step) {
            try await call(["-q", "-y"] + Self.options + ["update"], step)
        }
    }

    /// Finds out what an installation would fetch, and what of the base there are newer versions of.
    func resolve(_ names: [String], _ step: StepReport) async throws -> AptResolution {
        let simulated = try await text(["-qq", "-y"] + Self.options + ["-s", "upgrade"], step)
        let newer = simulated.split(separator: "\n").compactMap { line -> String? in
            let words = line.split(separator: " ")
            return words.count > 1 && words[0] == "Inst" ? String(words[1]) : nil
        }
        let all = Set(names).union(newer).sorted()
        guard !all.isEmpty else { return AptResolution(names: [], files: []) }
        // An empty place for archives, because what is there already is not listed.
        let nowhere = Self.settings([
            ("Dir::Cache::archives", "\(Self.place)/none/"), ("Acquire::ForceHash", "SHA256"),
        ])
        let listed = try await text(["-qq", "-y"] + Self.options + nowhere + ["--print-uris", "install"] + all, step)
        return AptResolution(names: all, files: try ArchiveFile.list(listed))
    }

    /// Fetches and installs, in one transaction.
    func install(_ names: [String], files: [ArchiveFile], _ step: StepReport) async throws {
        let archives = directory + "/archives"
        let missing = try await pool.fill(archives, with: files)
        let arguments = ["-q", "-y"] + Self.options + Self.settings([("APT::Status-Fd", "3")])
        try await fetch(names, missing: missing, arguments, step)
        try await pool.keep(missing, from: archives)
        let count = Int64(files.count)
        try await call(arguments + ["--no-download", "install"] + names, step) { status in
            if case .installing(_, let percent, let text) = status {
                step.progress(
                    done: Int64(percent / 100 * Double(count)), total: count, unit: .packages, note: text)
            }
        }
        step.progress(done: count, total: count, unit: .packages)
    }

    /// Fetches what the pool does not have.
    private func fetch(
        _ names: [String], missing: [ArchiveFile], _ arguments: [String], _ step: StepReport
    ) async throws {
        guard !missing.isEmpty else { return }
        let bytes = missing.reduce(0) { $0 + $1.size }
        try await withTries(step) {
            try await call(arguments + ["--download-only", "install"] + names, step) { status in
                if case .download(let percent, let text) = status {
                    let done = Int64(percent / 100 * Double(bytes))
                    step.progress(done: done, total: bytes, unit: .bytes, note: text)
                }
            }
        }
        step.progress(done: bytes, total: bytes, unit: .bytes)
    }

    private static func settings(_ values: [(String, String)]) -> [String] {
        values.flatMap { ["-o", "\($0)=\($1)"] }
    }

    func command(_ arguments: [String]) -> Command {
        // The hooks of the kernel package for dracut and for initramfs-tools both honour it: the initrd is built once,
        // in its own step, with our configuration.
        runner.command(
            "apt-get", ToolEnvironment.aptOptions(certificates: certificates) + arguments,
            environment: environment.network.merging(["INITRD": "No"]) { $1 })
    }

    private func call(
        _ arguments: [String], _ step: StepReport, onStatus: (AptStatus) -> Void = { _ in }
    ) async throws {
        var command = command(arguments)
        command.statusDescriptor = 3
        var words = RecentLines(40)
        let status = try await command.run(until: .in(Self.limit)) { line in
            if line.source == .status {
                guard let status = AptStatus(line.text) else { return }
                if case .failed(let package, let text) = status { words.add("E: \(package): \(text)") }
                onStatus(status)
            } else if line.ending != .carriageReturn {
                words.add(line.text)
                step.log(line.text)
            }
        }
        if !status.isSuccess { throw failure(arguments, status, words.lines) }
    }

    private func text(_ arguments: [String], _ step: StepReport) async throws -> String {
        var words = RecentLines(40)
        let (status, bytes) = try await command(arguments).output(limit: 16 << 20, until: .in(Self.limit)) { line in
            words.add(line.text)
            step.log(line.text)
        }
        if !status.isSuccess { throw failure(arguments, status, words.lines) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func failure(_ arguments: [String], _ status: ProcessStatus, _ lines: [String]) -> JobFailure {
        let failure = AptFailure(lines: lines, status: status)
        let verb = arguments.first { ["update", "upgrade", "install"].contains($0) } ?? "apt-get"
        return JobFailure(
            failure.cause, failure.code, "apt-get \(verb): \(failure.words)", excerpt: lines,
            exitStatus: "\(status)")
    }

    /// Does it again after a failure of the network.
    private func withTries(_ step: StepReport, _ body: () async throws -> Void) async throws {
        for attempt in 1... {
            do {
                return try await body()
            } catch let error as JobFailure where error.failure.cause == .infrastructure && attempt < Self.tries {
                step.log("\(error.failure.message); once more in \(Self.pause.components.seconds) s")
                try await Task.sleep(for: Self.pause)
            }
        }
    }
}
