import Crypto
import FactoryExecution
import FactoryProtocol
import FactorySpec
import Glibc
import IO
import Processes

/// A base that is an image elsewhere, brought here by skopeo(1).
struct ImageBase {
    let transport: String
    let name: String
    let architecture: Architecture
    let cache: LayerCache
    /// Manifests and configurations of images whose layers may be kept: `DIRECTORY/<digest>.json`.
    let images: String
    /// Of the job.
    let scratch: String
    let deadline: Deadline
    /// What skopeo gets of the worker's environment.
    let environment: ToolEnvironment
    var tools = ToolFinder()

    /// What is known of an image that was here before.
    private struct Known: Codable {
        var manifest: OCIManifest
        var config: OCIImageConfig
    }

    private var reference: String { transport + name }

    func bring(_ step: StepReport) async throws(ImageError) -> Base {
        let skopeo: String
        do throws(ProcessError) { skopeo = try tools.require("skopeo") } catch { throw ImageError(error) }
        let named = try await Retrying.run(onRetry: { Self.say($0, $1, step) }) { () async throws(ImageError) in
            try await pin(skopeo, step)
        }
        step.log("\(reference) is \(named.digest) now")
        if let known = try known(named.digest), let layers = try await kept(known) {
            step.cached("\(layers.count) layers of \(named.digest.short)")
            return base(named.digest, known, layers)
        }
        let layout = OCILayout(directory: scratch + "/base.oci")
        try await Retrying.run(onRetry: { Self.say($0, $1, step) }) { () async throws(ImageError) in
            try ImageError.wrapping { () throws(IOError) in try Directory.remove(layout.directory) }
            try await copy(skopeo, named.digest, to: layout, step)
        }
        let image = try layout.image(for: architecture)
        guard !image.manifest.layers.isEmpty else {
            throw ImageError(
                .badImage, .spec, "\(reference) has no layers: it holds no root file system to start from")
        }
        let digest = try await used(image, named, skopeo, step)
        let known = Known(manifest: image.manifest, config: image.config)
        let layers = try await unpack(known, layout, step)
        let bytes = try ImageError.canonical(known, "the image \(digest)")
        let file = file(of: digest)
        try ImageError.wrapping { () throws(IOError) in
            try Directory.make(images)
            try AtomicFile.write(bytes, to: file)
            try Directory.remove(layout.directory)
        }
        return base(digest, known, layers)
    }

    /// What pins the image that was copied: a reference may mean another one by then.
    ///
    /// The digest that was looked up stays where it is shown that it was copied: the registry was asked for it, the
    /// manifest has it, or it is an index with that manifest. A manifest that skopeo had to convert shows nothing; then
    /// the reference must still mean the same.
    private func used(
        _ image: OCILayout.Image, _ named: Pinned, _ skopeo: String, _ step: StepReport
    ) async throws(ImageError) -> Digest {
        if transport == "docker://" || named.covers(image.digest) { return named.digest }
        if named.isConverted {
            let now = try await Retrying.run(onRetry: { Self.say($0, $1, step) }) { () async throws(ImageError) in
                try await pin(skopeo, step)
            }
            if now.digest == named.digest { return named.digest }
        }
        step.log("\(reference) changed while it was copied: \(image.digest) was taken")
        return image.digest
    }

    private func base(_ digest: Digest, _ known: Known, _ layers: [CachedLayer]) -> Base {
        Base(
            reference: reference, digest: digest, layers: layers, config: known.config,
            created: known.config.created.flatMap(CalendarTime.seconds(rfc3339:)) ?? 0)
    }

    // MARK: What is here

    private func file(of digest: Digest) -> String { "\(images)/\(digest.hex).\(architecture.rawValue).json" }

    private func known(_ digest: Digest) throws(ImageError) -> Known? {
        let file = file(of: digest)
        guard try FileIO.exists(file) else { return nil }
        let bytes = try ImageError.wrapping { () throws(IOError) in
            try FileIO.read(file, limit: 2 * OCILayout.largestDocument)
        }
        return try OCILayout.decode(Known.self, bytes, file)
    }

    private func kept(_ known: Known) async throws(ImageError) -> [CachedLayer]? {
        var layers: [CachedLayer] = []
        for diffID in known.config.rootfs.diffIDs {
            guard let layer = try await cache.find(diffID: diffID, until: deadline) else { return nil }
            layers.append(layer)
        }
        return layers
    }

    private func unpack(
        _ known: Known, _ layout: OCILayout, _ step: StepReport
    ) async throws(ImageError) -> [CachedLayer] {
        let source = LayerSource(cache: cache, deadline: deadline)
        var layers: [CachedLayer] = []
        var unpacked: Int64 = 0
        for (index, (descriptor, diffID)) in zip(known.manifest.layers, known.config.rootfs.diffIDs).enumerated() {
            let before = unpacked
            let layer = try await source.layer(
                diffID, descriptor, title: "layer \(index + 1) of \(reference)", cause: .spec,
                progress: { step.progress(done: before.addingSaturated($0), total: nil, unit: .bytes) }
            ) { () throws(ImageError) in
                layout.path(of: descriptor.digest)
            }
            unpacked = unpacked.addingSaturated(layer.facts.tarSize)
            layers.append(layer)
        }
        return layers
    }

    // MARK: skopeo

    /// The hash of the manifest, or of the index, that the reference means now.
    private func pin(_ skopeo: String, _ step: StepReport) async throws(ImageError) -> Pinned {
        try checkArchive()
        var last = LastLines()
        let command = skopeoCommand(skopeo, ["inspect", "--raw", asked])
        let (status, bytes): (ProcessStatus, [UInt8])
        do throws(ProcessError) {
            (status, bytes) = try await command.output(limit: OCILayout.largestDocument, until: deadline) { line in
                last.add(line.text)
                step.log(line.text)
            }
        } catch {
            throw ImageError(error)
        }
        guard status.isSuccess else {
            throw failure(last.lines, doing: "finding \(reference)")
        }
        return Pinned(document: bytes)
    }

    /// Refuses an archive that is no file: skopeo would wait for a pipe, and copy a device without an end.
    private func checkArchive() throws(ImageError) {
        guard transport == "docker-archive:" || transport == "oci-archive:" else { return }
        // An archive of several images is named with the one that is meant. What is not there skopeo says better.
        guard let path = [name, String(name.prefix { $0 != ":" })].first(where: { Self.kind($0) != nil }),
            let kind = Self.kind(path), kind != S_IFREG
        else { return }
        let what = kind == S_IFDIR ? "is a directory" : "is no plain file"
        throw ImageError(.badImage, .spec, "finding \(reference): \(path) \(what); \(transport) takes a tar archive")
    }

    /// What a file is, or what the link there names: the type bits of inode(7); nil when it cannot be looked at.
    private static func kind(_ path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
    }

    private func copy(
        _ skopeo: String, _ digest: Digest, to layout: OCILayout, _ step: StepReport
    ) async throws(ImageError) {
        try ImageError.wrapping { () throws(IOError) in try Directory.make(scratch) }
        let command = skopeoCommand(
            skopeo,
            [
                "--override-os", "linux", "--override-arch", architecture.rawValue, "--tmpdir", scratch, "copy",
                pinned(digest), "oci:\(layout.directory):base",
            ])
        var last = LastLines()
        let status: ProcessStatus
        do throws(ProcessError) {
            status = try await command.run(until: deadline) { line in
                last.add(line.text)
                step.log(line.text)
            }
        } catch {
            throw ImageError(error)
        }
        guard status.isSuccess else {
            throw failure(last.lines, doing: "copying \(reference)")
        }
    }

    /// The failure of skopeo, with the names that the reference could have where those are known.
    private func failure(_ lines: [String], doing what: String) -> ImageError {
        let error = ToolWords.error(lines, ToolWords.skopeo(isLocal: transport != "docker://"), doing: what)
        guard error.code == .imageNotFound, transport == "oci:", let tags = LayoutTags(reference: name) else {
            return error
        }
        return ImageError(.imageNotFound, .spec, tags.advice(reference), excerpt: lines)
    }

    /// The reference as skopeo takes it: of a tag and a digest it takes one, and the digest is what counts.
    private var asked: String {
        guard transport == "docker://", let at = name.firstIndex(of: "@") else { return reference }
        return transport + Self.repository(name) + name[at...]
    }

    /// The reference by digest, where the transport has such: what a tag means may change between two calls.
    private func pinned(_ digest: Digest) -> String {
        guard transport == "docker://" else { return reference }
        return transport + Self.repository(name) + "@" + digest.description
    }

    /// The name without tag and digest: a colon before the last slash belongs to a port.
    static func repository(_ name: String) -> String {
        let bare = name.split(separator: "@", maxSplits: 1).first.map(String.init) ?? name
        guard let colon = bare.lastIndex(of: ":"), !bare[colon...].contains("/") else { return bare }
        return String(bare[..<colon])
    }

    /// Its credentials are found by variables, and below the home directory (containers-auth.json(5)).
    private func skopeoCommand(_ program: String, _ arguments: [String]) -> Command {
        Command(program, arguments, environment: Command.plainEnvironment.merging(environment.registry) { $1 })
    }

    private static func say(_ error: ImageError, _ wait: Duration, _ step: StepReport) {
        step.log("\(error.message); trying again in \(wait.components.seconds) s")
    }
}
