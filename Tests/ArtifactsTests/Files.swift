import Glibc
import IO

/// Writes a file, and the folders above it.
func write(_ bytes: [UInt8], to path: String) throws {
    try Directory.make(FileIO.parent(path))
    try FileIO.write(bytes, to: FileIO.open(path, O_WRONLY | O_CREAT | O_TRUNC))
}

/// The same with text.
func write(_ text: String, to path: String) throws {
    try write(Array(text.utf8), to: path)
}

/// Makes a symbolic link, and the folders above it.
func makeLink(_ path: String, to target: String) throws {
    try Directory.make(FileIO.parent(path))
    guard symlink(target, path) == 0 else { throw IOError(system: errno, "symlink", path) }
}
