/// Reads a file line by line, up to a given end.
struct LineReader {
    private let file: LogFile
    private let end: Int64
    private var buffer: [UInt8] = []
    private var head = 0
    /// Where the next line begins.
    private(set) var offset: Int64

    init(file: LogFile, offset: Int64, end: Int64 = .max) {
        self.file = file
        self.offset = offset
        self.end = end
    }

    /// The next line without its end and where it begins; nil at the end of the file. A last line without an end is
    /// not returned.
    mutating func next() throws(EventsError) -> (bytes: [UInt8], offset: Int64)? {
        while true {
            if let newline = buffer[head...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = Array(buffer[head..<newline])
                let begin = offset
                offset += Int64(newline + 1 - head)
                head = newline + 1
                return (line, begin)
            }
            buffer.removeFirst(head)
            head = 0
            let position = offset + Int64(buffer.count)
            let room = min(64 * 1024, end - position)
            guard room > 0 else { return nil }
            let more = try file.read(Int(room), at: position)
            guard !more.isEmpty else { return nil }
            buffer += more
        }
    }
}
