import Arguments
import FactoryProtocol
import Spelling

/// Which artifacts of a build are meant. Pure.
enum ArtifactChoice {
    /// The artifacts that are meant, on a command line.
    static let names = Positional("NAME", help: "Only these, by name or digest.", isRequired: false, repeats: true)

    /// The artifacts that `names` mean, each once; what a user takes home when no name is given: images and their
    /// checksums, but not console logs and not the parts of an image.
    ///
    /// - Throws: a usage error for a name that the build did not make, or that could leave the directory.
    static func choose(
        _ made: [JobArtifact], names: [String], all: Bool, build: BuildID, next: NextCommand = .plain
    ) throws(CommandError) -> [Artifact] {
        let artifacts = made.map(\.artifact)
        var chosen: [Artifact] = []
        if names.isEmpty {
            chosen = artifacts.filter { all || $0.role.isProduct }
        }
        for name in names {
            guard let artifact = artifacts.first(where: { $0.name == name || $0.digest.description == name }) else {
                let near = nearest(to: name, in: artifacts.map(\.name))
                throw CommandError(
                    .usage, "build \(build) made no '\(name)'", hint: near ?? next("artifacts list --all \(build)")
                )
            }
            chosen.append(artifact)
        }
        var seen: Set<String> = []
        chosen = chosen.filter { seen.insert($0.name).inserted }
        if let bad = chosen.first(where: { !isFileName($0.name) }) {
            throw CommandError(.buildFailed, "the artifact '\(bad.name)' has no name that a file may have here")
        }
        return chosen
    }

    /// Names come from a build, and a build is not trusted with paths.
    static func isFileName(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 200 && name.first != "." && !name.contains("/")
            && name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }

    /// A line of `sha256sum` for a file: 64 digits, two blanks, the name.
    static func checksumLine(_ artifact: Artifact) -> String { "\(artifact.digest.hex)  \(artifact.name)\n" }
}
