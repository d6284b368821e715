import CLinux
import Glibc
import IO

/// A file that is never written to, under a second name.
enum SharedFile {
    /// Makes `path` the same file as `source` (link(2)), or a copy where that cannot be: another file system, or too many
    /// links. Replaces what is at `path`.
    static func place(_ source: String, at path: String) async throws(ImageError) {
        try ImageError.wrapping { () throws(IOError) in try FileIO.removeFile(path) }
        if link(source, path) == 0 { return }
        guard errno == EXDEV || errno == EMLINK || errno == EPERM else {
            throw ImageError(system: errno, "link \(path) to \(source)")
        }
        do throws(IOError) {
            try await OwnThread.run("file-copy") { () throws(IOError) in try copy(source, to: path) }
        } catch {
            throw ImageError(error)
        }
    }

    private static func copy(_ source: String, to path: String) throws(IOError) {
        let from = try FileIO.open(source, O_RDONLY)
        let to = try FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        var offset = 0
        while true {
            let bytes = try FileIO.read(from, at: offset, upTo: 1 << 20)
            if bytes.isEmpty { return }
            try FileIO.write(bytes, to: to, at: offset)
            offset += bytes.count
        }
    }
}
