import CLinux
import Crypto
import FactoryProtocol
import Glibc

extension TreeFiles {
    /// The bytes of a regular file, links followed within the tree; nil when none is there.
    func size(_ path: String) throws(ConversionError) -> Int64? {
        guard let file = try openFile(path) else { return nil }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0 else { throw Self.failed("look at", path) }
        return Int64(facts.st_size)
    }

    /// The hash of a regular file, links followed within the tree; nil when none is there.
    func digest(_ path: String) async throws -> Digest? {
        guard let file = try openFile(path) else { return nil }
        defer { close(file) }
        return Digest(hash: try await SHA256.hash(file: "/proc/self/fd/\(file)"))
    }

    private func openFile(_ path: String) throws(ConversionError) -> Int32? {
        let file = linux_open_in_root(descriptor, path, O_RDONLY | O_NONBLOCK, 0)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw Self.failed("open", path)
        }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
            close(file)
            return nil
        }
        return file
    }
}
