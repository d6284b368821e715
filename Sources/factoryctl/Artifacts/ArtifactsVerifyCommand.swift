import Arguments
import Crypto
import FactoryClient
import FactoryProtocol
import IO
import Terminal

/// `factoryctl artifacts verify`: holds files against the digests of a build.
enum ArtifactsVerifyCommand: Subcommand {
    static let directory = Option.value(
        "in", "DIR", help: "Where the files are.", accepts: .something, default: ".", completion: .directories)

    static let description = CommandDescription(
        "verify", "hold files against the digests of a build",
        discussion:
            "Hashes the files that 'artifacts get' fetched, and says of each whether it is what the build made.",
        options: [directory], positionals: [CommonOptions.newestBuild, ArtifactChoice.names],
        exitStatuses: [.init(0, "every file is what the build made"), .init(1, "a file is missing or another")])

    static func run(_ call: Call) async throws -> ExitStatus {
        let session = try await call.connect()
        let build = try await call.build(call.invocation.argument(CommonOptions.newestBuild), session)
        let made = try await session.artifacts(of: build)
        let chosen = try ArtifactChoice.choose(
            made, names: call.invocation.arguments(ArtifactChoice.names), all: false, build: build, next: call.next)
        guard !chosen.isEmpty else { throw CommandError(.buildFailed, "build \(build) has made nothing yet") }
        let place = call.invocation.value(directory) ?? "."
        var isGood = true
        for artifact in chosen {
            let found = try await check(artifact, in: place)
            isGood = isGood && found == nil
            let line = found.map { Painted("\(artifact.name): \($0)", .red) } ?? Painted("\(artifact.name): OK")
            try await call.print(line)
        }
        return isGood ? .success : .buildFailed
    }

    /// What is wrong with a file; nil when it is what the build made.
    static func check(_ artifact: Artifact, in directory: String) async throws -> String? {
        let path = "\(directory)/\(artifact.name)"
        guard let there = try FileIO.status(path) else { return "MISSING" }
        guard Int64(there.size) == artifact.size else {
            return "FAILED, \(there.size) bytes instead of \(artifact.size)"
        }
        let digest = Digest(hash: try await SHA256.hash(file: path))
        return digest == artifact.digest ? nil : "FAILED, \(digest) instead of \(artifact.digest)"
    }
}
