import Arguments
import FactoryClient
import FactoryProtocol
import Glibc
import IO
import JSON
import Terminal

/// `factoryctl artifacts get`: fetches what a build made, and checks it.
enum ArtifactsGetCommand: Subcommand {
    static let output = Option.value(
        "output", short: "o", "DIR", help: "Where to put them.", accepts: .something, default: ".",
        completion: .directories)
    static let all = Option.flag("all", help: "Also console logs and the parts of the image.")
    static let store = Option.value(
        "http", "ENDPOINT",
        help: "Where the store is: a socket, or http://127.0.0.1:PORT. By default http.sock beside the farm's socket.",
        accepts: .something, environment: "FACTORY_HTTP")

    static let description = CommandDescription(
        "get", "fetch what a build made, and check it",
        discussion: """
            A file that is there and whole is kept; one that is half there is gone on with. Every file is hashed before \
            it gets its name. Beside an ISO stands NAME.iso.sha256, which 'sha256sum -c' reads.
            """,
        options: [output, all, store, CommonOptions.json],
        positionals: [CommonOptions.newestBuild, ArtifactChoice.names],
        examples: [
            .init("factoryctl artifacts get 01J8 --output out", "The ISO and its checksum into the directory out")
        ])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        let made = try await session.artifacts(of: build)
        let chosen = try ArtifactChoice.choose(
            made, names: call.invocation.arguments(ArtifactChoice.names), all: call.invocation.flag(all), build: build,
            next: call.next)
        guard !chosen.isEmpty else {
            throw CommandError(
                .buildFailed, "build \(build) has made nothing to fetch yet", hint: call.next("watch \(build)"))
        }
        let directory = call.invocation.value(output) ?? "."
        try Directory.make(directory)
        let fetch = ArtifactFetch(blobs: try BlobClient(try address(call)), directory: directory)
        for artifact in chosen { try await one(artifact, fetch, call) }
        for iso in chosen where iso.role == .iso && !chosen.contains(where: { $0.name == iso.name + ".sha256" }) {
            try await fetch.writeChecksum(of: iso)
        }
        if call.invocation.flag(CommonOptions.json) {
            try await call.print(Painted(json: try CanonicalJSON.text(chosen)))
        }
        return .success
    }

    /// Where the store is.
    private static func address(_ call: Call) throws -> String {
        if let text = call.invocation.value(store) {
            return text.contains("://") || text.hasPrefix("unix:") ? text : "unix:" + text
        }
        guard case .unix(let path) = try call.endpoint() else {
            throw CommandError(.usage, "over TCP the store must be named", hint: "--http http://127.0.0.1:PORT")
        }
        return "unix:" + FileIO.parent(path) + "/http.sock"
    }

    /// Fetches one, with a line that is drawn again at a terminal.
    private static func one(_ artifact: Artifact, _ fetch: ArtifactFetch, _ call: Call) async throws {
        let line = FetchLine(name: artifact.name, size: artifact.size, unicode: call.traits.hasUnicode)
        let done = Locked<Int64>(0)
        let isDrawn = call.traits.isInteractive && !call.invocation.flag(CommonOptions.json)
        let outcome = try await withThrowingTaskGroup(of: BlobClient.Fetched?.self) { group in
            group.addTask { try await fetch.fetch(artifact) { bytes, _ in done.withLock { $0 = Int64(bytes) } } }
            if isDrawn { group.addTask { try await draw(line, done, call) } }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw CancellationError()
        }
        if isDrawn { try await call.output.write("\r\u{1B}[K") }
        if !call.invocation.flag(CommonOptions.json) {
            try await call.print(
                line.finished(outcome, digest: artifact.digest, path: "\(fetch.directory)/\(artifact.name)"))
        }
    }

    private static func draw(_ line: FetchLine, _ done: Locked<Int64>, _ call: Call) async throws -> BlobClient.Fetched?
    {
        let start = ContinuousClock.now
        while !Task.isCancelled {
            let size = TerminalTraits.size(of: STDOUT_FILENO, environment: call.environment)
            let text = line.live(done: done.withLock { $0 }, elapsed: .now - start, width: size.width)
                .cut(to: size.width - 1).rendered(call.palette)
            try await call.output.write("\r\(text)\u{1B}[K")
            do throws(IOError) {
                try await Poller.shared.sleep(until: .in(RedrawPace.shortest))
            } catch {
                // The transfer has ended and with it this task.
                return nil
            }
        }
        return nil
    }
}
