/// What tools tell of their progress, read off the lines that they print.
package enum ToolProgress {
    /// Of mksquashfs' bar, `[=====/     ]  184/600  30%`: how many blocks of how many. It draws one on a terminal only.
    package static func mksquashfs(_ line: String) -> (done: Int64, total: Int64)? {
        guard line.hasPrefix("["), let bracket = line.lastIndex(of: "]"), line.hasSuffix("%") else { return nil }
        let words = line[line.index(after: bracket)...].split { $0 == " " || $0 == "/" }
        guard words.count == 3, let done = Int64(words[0]), let total = Int64(words[1]),
            (0...1 << 40).contains(done), (0...1 << 40).contains(total)
        else { return nil }
        return (done, total)
    }

    /// Of xorriso's `xorriso : UPDATE :  40.66% done`: whole per cent.
    package static func xorriso(_ line: String) -> Int64? {
        guard line.hasPrefix("xorriso : UPDATE"), let percent = line.firstIndex(of: "%"),
            line[percent...].hasPrefix("% done")
        else { return nil }
        let number = line[..<percent].split(separator: " ").last.flatMap { $0.split(separator: ".").first }
        return number.flatMap { Int64($0) }
    }
}
