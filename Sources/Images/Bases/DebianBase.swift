import Archive
import Crypto
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes

/// A base made from a Debian archive by mmdebstrap(1): the packages that are essential or required, and apt.
struct DebianBase {
    let distribution: BaseReference.Distribution
    let architecture: Architecture
    /// The user's own mirror.
    let mirror: String?
    let cache: LayerCache
    /// Package files kept between jobs: a directory for each list of sources.
    let downloads: String
    /// Of the job.
    let scratch: String
    let sourceDateEpoch: Int64?
    let again: Bool
    let deadline: Deadline
    /// What apt gets of the worker's environment.
    let environment: ToolEnvironment
    /// Between tries.
    var waits = Retrying.waits
    var tools = ToolFinder()

    /// Raised whenever this file makes other bytes of the same packages.
    private static let revision = "2"
    /// A Release file of Debian has some 150 KB.
    private static let largestRelease = 16 << 20
    /// How often a base is begun while the archive changes under it.
    private static let tries = 3
    /// What mmdebstrap says on its way, one line each.
    private static let stages: Int64 = 8

    /// Makes the base, or takes the one that is kept for what the archive has now.
    ///
    /// The key names the lists that were looked at before. When the archive changed until the packages were fetched, the
    /// base is made again under the key of what it has then.
    func make(_ step: StepReport) async throws(ImageError) -> Base {
        // Known before anything is fetched.
        if let obstacle = try TreeMount.obstacle(cache.directory, cache.privilege) { throw obstacle }
        let sources = try await sources(step)
        for _ in 1..<Self.tries {
            do throws(ImageError) {
                return try await make(from: sources, step)
            } catch {
                guard error.code == .archiveChanged else { throw error }
                step.log("\(error.message); making the base again")
            }
        }
        return try await make(from: sources, step)
    }

    private func make(from sources: ArchiveSources, _ step: StepReport) async throws(ImageError) -> Base {
        let (digests, date) = try await Retrying.run(waits: waits, onRetry: { Self.say($0, $1, step) }) {
            () async throws(ImageError) in try await releases(of: sources, step)
        }
        let epoch = sourceDateEpoch ?? date
        let key = LayerKey(
            "base",
            inputs: [Self.revision, distribution.rawValue, architecture.rawValue, "\(epoch)", cache.privilege.rawValue]
                + zip(sources.entries, digests).flatMap { [$0.line, $1.hex] })
        let layer: CachedLayer
        switch try await cache.claim(key, again: again, until: deadline) {
        case .found(let kept):
            step.cached("\(kept.facts.title), \(kept.facts.diffID.short)")
            layer = kept
        case .make(let draft):
            layer = try await build(draft, from: sources, digests, epoch, step)
        }
        return Base(
            reference: BaseReference.distribution(distribution).description, digest: layer.facts.diffID,
            layers: [layer], config: nil, created: date)
    }

    private func build(
        _ draft: LayerDraft, from sources: ArchiveSources, _ digests: [Digest], _ epoch: Int64, _ step: StepReport
    ) async throws(ImageError) -> CachedLayer {
        do throws(ImageError) {
            try await Retrying.run(waits: waits, onRetry: { Self.say($0, $1, step) }) { () async throws(ImageError) in
                try ImageError.wrapping { () throws(IOError) in
                    try Directory.remove(draft.tree)
                    try Directory.make(draft.tree, exactMode: 0o755)
                }
                try await bootstrap(draft.tree, from: sources, epoch, step)
            }
            try checkUsed(digests, of: sources)
            try Self.clean(draft.tree)
            // Mounted from here or unpacked elsewhere, the base is the same.
            try await draft.clampTimes(to: epoch)
            let written = try await write(draft, epoch)
            step.progress(done: Self.stages, total: Self.stages, unit: .items, note: "packed")
            return try await draft.publish(written, title: "Debian \(distribution.suite) base")
        } catch {
            // The first failure is the one to tell; a draft that stays is removed by the next job.
            try? await draft.discard()
            throw error
        }
    }

    private func write(_ draft: LayerDraft, _ epoch: Int64) async throws(ImageError) -> WrittenLayer {
        do throws(ArchiveError) {
            return try await LayerWriter(tree: draft.tree, options: .init(latestTime: epoch)).write(to: draft.blob)
        } catch {
            throw ImageError(error)
        }
    }

    // MARK: What the archive has now

    /// The suite's archives as mmdebstrap(1) names them, asked of itself: a setup hook runs before anything is fetched.
    private func sources(_ step: StepReport) async throws(ImageError) -> ArchiveSources {
        if let mirror { return ArchiveSources(distribution, mirror: mirror) }
        let (file, tree) = (scratch + "/sources.list", scratch + "/sources")
        try ImageError.wrapping { () throws(IOError) in
            try Directory.make(scratch)
            try FileIO.removeFile(file)
            try Directory.remove(tree)
        }
        var command = try bootstrapper([
            "--variant=custom", "--setup-hook=cp \"$1/etc/apt/sources.list\" \"$SOURCES\"; exit 1",
        ])
        command.arguments += [distribution.suite, tree]
        command.environment["SOURCES"] = file
        var last = LastLines()
        do throws(ProcessError) {
            // The hook fails on purpose: that ends the program there.
            _ = try await command.run(until: deadline) { last.add($0.text) }
        } catch {
            throw ImageError(error)
        }
        let text = try ImageError.wrapping { () throws(IOError) in
            defer { try? Directory.remove(tree) }  // scratch; what stays goes with the job
            return try FileIO.status(file) == nil ? "" : try FileIO.readText(file, limit: 65536)
        }
        guard let sources = ArchiveSources(list: text) else {
            throw ToolWords.error(
                last.lines, ToolWords.apt, doing: "asking mmdebstrap for the archives of \(distribution.suite)")
        }
        return sources
    }

    /// mmdebstrap(1) with what every call of it is given.
    private func bootstrapper(_ arguments: [String]) throws(ImageError) -> Command {
        let program: String
        do throws(ProcessError) { program = try tools.require("mmdebstrap") } catch { throw ImageError(error) }
        var environment = Command.plainEnvironment
        environment["TMPDIR"] = scratch
        environment.merge(self.environment.network) { $1 }
        return Command(
            program,
            [
                "--mode=\(cache.privilege == .root ? "root" : "auto")", "--format=directory",
                "--architectures=\(architecture.rawValue)",
            ] + arguments, environment: environment)
    }

    /// The hashes of the signed lists, and the date of the suite. Signatures are checked later, by apt in mmdebstrap.
    private func releases(of sources: ArchiveSources, _ step: StepReport) async throws(ImageError) -> ([Digest], Int64)
    {
        var digests: [Digest] = []
        var date: Int64?
        for (index, entry) in sources.entries.enumerated() {
            let file = "\(scratch)/InRelease.\(index)"
            try ImageError.wrapping { () throws(IOError) in
                try Directory.make(scratch)
                try FileIO.removeFile(file)
            }
            try await fetch(entry.release, to: file, step)
            let bytes = try ImageError.wrapping { () throws(IOError) in
                try FileIO.read(file, limit: Self.largestRelease)
            }
            digests.append(Digest(hash: SHA256.hash(bytes)))
            if index == 0 { date = Self.date(of: String(decoding: bytes, as: UTF8.self)) }
        }
        guard let date else {
            throw ImageError(
                .suiteNotFound, .infrastructure, "\(sources.entries[0].release) has no date: it is no Release file")
        }
        return (digests, date)
    }

    static func date(of release: String) -> Int64? {
        release.split(separator: "\n", maxSplits: 200).first { $0.hasPrefix("Date: ") }
            .flatMap { CalendarTime.seconds(releaseDate: String($0.dropFirst(6))) }
    }

    /// By apt's own downloader, so that its proxies, credentials and words are those of all that follows.
    private func fetch(_ url: String, to file: String, _ step: StepReport) async throws(ImageError) {
        let options = ["Acquire::Retries=1", "Acquire::http::Timeout=20", "APT::Sandbox::User=root"]
        let certificates = ToolEnvironment.aptOptions(certificates: try certificates())
        let command = Command(
            "/usr/lib/apt/apt-helper",
            options.flatMap { ["-o", $0] } + certificates + ["download-file", url, file],
            environment: Command.plainEnvironment.merging(environment.network) { $1 })
        try await run(command, ToolWords.apt, doing: "fetching \(url)", step) { _ in }
    }

    /// The authorities of the worker's environment as a file for apt; nil when the usual ones count.
    private func certificates() throws(ImageError) -> String? {
        try ImageError.wrapping { () throws(IOError) in
            try environment.certificateBundle(at: scratch + "/certificates.pem")
        }
    }

    // MARK: mmdebstrap

    func bootstrap(
        _ tree: String, from sources: ArchiveSources, _ epoch: Int64, _ step: StepReport
    ) async throws(ImageError) {
        // What one mirror gave is not shown to a build from another.
        let kept = downloads + "/" + SHA256.hex(of: sources.entries.map(\.line).joined(separator: "\n"))
        let used = usedReleases
        try ImageError.wrapping { () throws(IOError) in
            try Directory.make(kept)
            try Directory.remove(used)
            try Directory.make(used)
        }
        var command = try bootstrapper([
            "--variant=minbase", "--skip=essential/unlink", "--setup-hook=\(Self.takeKept)",
            "--customize-hook=\(Self.keepNew)", "--customize-hook=\(Self.keepReleases)",
        ])
        if let file = try certificates() {
            // --aptopt would stay in the tree.
            command.environment["CERTIFICATES"] = file
            command.arguments += [
                "--setup-hook=\(Self.addCertificates)", "--customize-hook=\(Self.removeCertificates)",
            ]
        }
        command.arguments += [distribution.suite, tree]
        command.arguments += sources.entries.map(\.line)
        command.environment["SOURCE_DATE_EPOCH"] = String(epoch)
        command.environment["DOWNLOADS"] = kept
        command.environment["RELEASES"] = used
        var stage: Int64 = 0
        do throws(ImageError) {
            try await run(command, ToolWords.apt, doing: "making the base of \(distribution.suite)", step) { line in
                guard line.hasPrefix("I: "), stage < Self.stages - 1 else { return }
                stage += 1
                step.progress(done: stage, total: Self.stages, unit: .items, note: String(line.dropFirst(3)))
            }
        } catch {
            // mmdebstrap says that it "failed to run", and not that the mount forbids what it ran.
            guard error.code == .toolFailed, let obstacle = try TreeMount.obstacle(tree, cache.privilege) else {
                throw error
            }
            throw ImageError(
                obstacle.code, obstacle.cause, "\(error.message): \(obstacle.message)", excerpt: error.excerpt)
        }
    }

    /// Shows apt the package files that are kept, `<64 hex>.<name>`, a hard link where that can be. Hashed first: of a file
    /// that is there apt looks at the size alone. What was first kept a month ago goes, so that old versions do.
    private static let takeKept = """
        mkdir -p "$1/var/cache/apt/archives" && find "$DOWNLOADS" -type f -mtime +30 -delete && \
        for f in "$DOWNLOADS"/*.deb; do [ -e "$f" ] || continue; n="${f##*/}"; \
        echo "${n%%.*}  $f" | sha256sum --status --check - || { rm -f "$f"; continue; }; n="${n#*.}"; \
        ln "$f" "$1/var/cache/apt/archives/$n" 2>/dev/null || cp "$f" "$1/var/cache/apt/archives/$n"; done
        """

    /// Keeps the package files that are new, each appearing whole under its name.
    private static let keepNew = """
        for f in "$1"/var/cache/apt/archives/*.deb; do [ -e "$f" ] || continue; n="${f##*/}"; \
        h="$(sha256sum "$f")"; n="${h%% *}.$n"; [ -e "$DOWNLOADS/$n" ] && continue; \
        cp "$f" "$DOWNLOADS/.$$.$n" && mv "$DOWNLOADS/.$$.$n" "$DOWNLOADS/$n"; done
        """

    /// Tells apt, which mmdebstrap runs outside of the tree with the tree's settings, whom to trust for https.
    private static let addCertificates = """
        mkdir -p "$1/etc/apt/apt.conf.d" && \
        echo "Acquire::https::CaInfo \\"$CERTIFICATES\\";" > "$1/etc/apt/apt.conf.d/00-build-certificates"
        """
    private static let removeCertificates = #"rm "$1/etc/apt/apt.conf.d/00-build-certificates""#

    /// Keeps the signed lists that apt used; mmdebstrap removes them from the tree.
    private static let keepReleases = #"cp "$1"/var/lib/apt/lists/*InRelease "$RELEASES/""#

    private var usedReleases: String { scratch + "/used" }

    /// Whether the packages are those of the lists that the layer's key names.
    private func checkUsed(_ named: [Digest], of sources: ArchiveSources) throws(ImageError) {
        let directory = usedReleases
        let used = try ImageError.wrapping { () throws(IOError) in
            var used: Set<Digest> = []
            for entry in try Directory.entries(directory) {
                let bytes = try FileIO.read("\(directory)/\(entry.name)", limit: Self.largestRelease)
                used.insert(Digest(hash: SHA256.hash(bytes)))
            }
            return used
        }
        guard used == Set(named) else {
            throw ImageError(
                .archiveChanged, .infrastructure,
                "\(sources.entries[0].mirror) changed while the base of \(distribution.suite) was made from it")
        }
    }

    /// Takes out what is the machine's and not the distribution's: nodes, state of a boot, name resolution, our name.
    ///
    /// Links on the way lead where they lead in the tree: its packages are the archive's, and the archive is anybody's.
    static func clean(_ tree: String) throws(ImageError) {
        let place = try TreePlace(tree)
        defer { place.close() }
        for name in ["dev", "run", "tmp"] {
            guard let directory = try place.real(name, directory: true) else { continue }
            try ImageError.wrapping { () throws(IOError) in
                for entry in try Directory.entries(directory) { try Directory.remove("\(directory)/\(entry.name)") }
            }
        }
        for (above, name) in [("etc", "resolv.conf"), ("etc", "hostname"), (".", ".dockerenv")] {
            guard let directory = try place.real(above, directory: true) else { continue }
            try ImageError.wrapping { () throws(IOError) in try FileIO.removeFile("\(directory)/\(name)") }
        }
    }

    // MARK: Running

    private func run(
        _ command: Command, _ words: [ToolWords.Meaning], doing what: String, _ step: StepReport,
        _ onLine: (String) -> Void
    ) async throws(ImageError) {
        var last = LastLines()
        let status: ProcessStatus
        do throws(ProcessError) {
            status = try await command.run(until: deadline) { line in
                let text = line.text
                last.add(text)
                step.log(text)
                onLine(text)
            }
        } catch {
            throw ImageError(error)
        }
        guard status.isSuccess else { throw ToolWords.error(last.lines, words, doing: what) }
    }

    private static func say(_ error: ImageError, _ wait: Duration, _ step: StepReport) {
        step.log("\(error.message); trying again in \(wait.components.seconds) s")
    }
}
