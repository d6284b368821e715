/// A path inside a tree, as bytes: file names need not be UTF-8 (path_resolution(7)).
///
/// No slash at either end; the empty path is the root of the tree.
struct TreePath: Hashable {
    /// More directories in one another than this are refused: each holds a descriptor open while the tree is walked.
    static let greatestDepth = 256
    /// Longest file name of Linux (NAME_MAX).
    static let longestName = 255

    private(set) var bytes: [UInt8]

    static let root = TreePath(bytes: [])

    /// The path of `name` in this directory.
    func appending(_ name: [UInt8]) -> TreePath {
        TreePath(bytes: bytes.isEmpty ? name : bytes + [UInt8(ascii: "/")] + name)
    }

    var isRoot: Bool { bytes.isEmpty }

    /// The names from the root down.
    var names: [[UInt8]] { bytes.split(separator: UInt8(ascii: "/")).map(Array.init) }

    /// For messages and for people; what is not UTF-8 shows as U+FFFD, control characters as `?`.
    var text: String {
        isRoot ? "/" : "/" + Self.text(bytes)
    }

    static func text(_ bytes: some Collection<UInt8>) -> String {
        let shown = bytes.count > 300 ? Array(bytes.prefix(300)) + Array("…".utf8) : Array(bytes)
        return String(decoding: shown.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }
}

extension [UInt8] {
    /// Calls `body` with the bytes as a C string.
    func withCString<Result, Failure: Error>(
        _ body: (UnsafePointer<CChar>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let terminated = self.map { CChar(bitPattern: $0) } + [0]
        return try terminated.withUnsafeBufferPointer { buffer throws(Failure) in
            guard let start = buffer.baseAddress else { preconditionFailure("a C string has at least its NUL") }
            return try body(start)
        }
    }
}
