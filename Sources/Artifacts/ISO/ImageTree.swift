package import FactoryProtocol
import Glibc
package import IO

/// The root file system of an image, mounted somewhere: links lead where they lead *inside* the image, never to files of
/// the machine that builds.
package struct ImageTree: Sendable {
    private static let longestText = 1 << 20
    private static let mostLinks = 40

    /// Where it is mounted.
    package let root: String

    package init(root: String) {
        self.root = root
    }

    /// Gathers what planning an ISO needs to know.
    ///
    /// - Throws: `unreadable`, `bad-tree`, with the path.
    package func facts(for architecture: Architecture) throws(ArtifactsError) -> ImageFacts {
        var files: [String: String] = [:]
        for path in Bootloaders.allPaths(architecture) {
            files[path] = try resolved(path, .file)
        }
        var directories: Set<String> = []
        for point in MountPoints.all where try resolved(point.path, .directory) != nil {
            directories.insert(point.path)
        }
        return ImageFacts(
            release: ReleaseFacts(
                kairosRelease: try text("/etc/kairos-release"), osRelease: try text("/etc/os-release")),
            boot: BootDirectory(entries: try bootEntries(), moduleVersions: Set(try names("/lib/modules"))),
            files: files, directories: directories,
            hasInstaller: try resolved("/usr/bin/kairos-agent", .file) != nil)
    }

    /// The place on this machine of a file of the image, given by its path without links.
    package func path(_ inside: String) -> String {
        root + inside
    }

    /// What a path leads to when every link is followed inside the image; nil when that is not there or of another kind.
    package func resolved(_ path: String, _ wanted: FileIO.Kind) throws(ArtifactsError) -> String? {
        var left = path.split(separator: "/").map(String.init)
        var done: [String] = []
        var links = 0
        var kind = FileIO.Kind.directory
        while !left.isEmpty {
            let name = left.removeFirst()
            if name == "." { continue }
            if name == ".." {
                _ = done.popLast()
                kind = .directory
                continue
            }
            let here = "/" + (done + [name]).joined(separator: "/")
            // No file system has such a path; links of the image may make one up.
            guard root.utf8.count + here.utf8.count < Int(PATH_MAX), name.utf8.count <= Int(NAME_MAX),
                let status = try status(here)
            else { return nil }
            if status.kind == .link {
                links += 1
                guard links <= ImageTree.mostLinks, let target = try target(here) else { return nil }
                if target.hasPrefix("/") { done = [] }
                left = target.split(separator: "/").map(String.init) + left
                kind = .directory
            } else {
                done.append(name)
                kind = status.kind
            }
        }
        return kind == wanted ? "/" + done.joined(separator: "/") : nil
    }

    private func bootEntries() throws(ArtifactsError) -> [BootDirectory.Entry] {
        var entries: [BootDirectory.Entry] = []
        for name in try names("/boot") {
            entries.append(BootDirectory.Entry(name, file: try resolved("/boot/" + name, .file)))
        }
        return entries
    }

    private func names(_ directory: String) throws(ArtifactsError) -> [String] {
        guard let place = try resolved(directory, .directory) else { return [] }
        do {
            return try Directory.entries(path(place)).map(\.name)
        } catch {
            throw unreadable(error)
        }
    }

    private func text(_ file: String) throws(ArtifactsError) -> String {
        guard let place = try resolved(file, .file) else { return "" }
        do {
            // Not every base writes UTF-8; what counts in these files is ASCII.
            return String(decoding: try FileIO.read(path(place), limit: ImageTree.longestText), as: UTF8.self)
        } catch {
            guard error.code == .tooLarge else { throw unreadable(error) }
            throw ArtifactsError(
                .badTree, "\(file) of the image has more than \(ImageTree.longestText) bytes; mend the base")
        }
    }

    private func status(_ inside: String) throws(ArtifactsError) -> FileIO.Status? {
        do {
            return try FileIO.status(path(inside))
        } catch {
            throw unreadable(error)
        }
    }

    private func target(_ inside: String) throws(ArtifactsError) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink(path(inside), &buffer, buffer.count)
        guard count >= 0 else {
            throw ArtifactsError(.unreadable, "readlink \(inside) of the image: \(String(cString: strerror(errno)))")
        }
        return count < buffer.count
            ? String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) : nil
    }

    private func unreadable(_ error: IOError) -> ArtifactsError {
        ArtifactsError(.unreadable, "a file of the image cannot be read: \(error)")
    }
}
