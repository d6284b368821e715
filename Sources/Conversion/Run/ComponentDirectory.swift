import Crypto
import FactoryProtocol
package import FactorySpec
import Glibc
import IO

/// The directory that a user names for Kairos' programs: one file a program, by its name.
package enum ComponentDirectory {
    /// Looks at the programs that the directory has and takes their digests. None for ``Components/none``.
    ///
    /// - Throws: `components-bad` when one is missing that the image needs, or is no executable file.
    package static func programs(of components: Components) async throws -> [ComponentProgram] {
        guard case .directory(let directory) = components else { return [] }
        guard try FileIO.status(directory)?.kind == .directory else {
            throw ConversionError(.badComponents, "\(directory), named as the directory of components, is no directory")
        }
        var found: [ComponentProgram] = []
        for var program in ComponentProgram.all {
            let path = directory + "/" + program.name
            // Links are followed: a directory of releases often holds them.
            guard access(path, F_OK) == 0 else {
                guard program.isRequired else { continue }
                throw ConversionError(
                    .badComponents,
                    "\(directory) has no \(program.name); it must hold \(required.joined(separator: ", "))")
            }
            guard access(path, X_OK) == 0, try isRegular(path) else {
                throw ConversionError(.badComponents, "\(path) is no executable file")
            }
            program.digest = Digest(hash: try await SHA256.hash(file: path))
            found.append(program)
        }
        return found
    }

    private static var required: [String] { ComponentProgram.all.filter(\.isRequired).map(\.name) }

    private static func isRegular(_ path: String) throws -> Bool {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw IOError(system: errno, "stat", path) }
        return facts.st_mode & S_IFMT == S_IFREG
    }
}
