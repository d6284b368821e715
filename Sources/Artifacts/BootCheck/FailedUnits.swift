/// The units of systemd that failed during a boot, read from the lines of its console.
///
/// A pure machine: lines go in. The console is the guest's, so their number and length are limited.
package struct FailedUnits: Sendable {
    /// More are not kept.
    package static let most = 50
    private static let longestName = 256

    /// The names, in the order of their failures, each once: `multipathd.service`; the words of the unit where the
    /// console shows those alone.
    package private(set) var names: [String] = []

    private static let kinds = [
        ".service", ".mount", ".socket", ".target", ".device", ".swap", ".timer", ".path", ".slice", ".scope",
        ".automount",
    ]

    package init() {}

    /// Takes a whole line.
    package mutating func line(_ text: String) {
        guard let name = Self.name(in: text), names.count < Self.most, !names.contains(name) else { return }
        names.append(name)
    }

    /// The unit that a line says has failed: systemd writes `UNIT: Failed with result 'REASON'.` to its log and
    /// `[FAILED] Failed to start UNIT - WORDS` to the console.
    private static func name(in text: String) -> String? {
        if let end = text.firstRange(of: ": Failed with result '")?.lowerBound {
            return unit(text[..<end].split(separator: " ").last)
        }
        guard let mark = text.firstRange(of: "Failed to start ") ?? text.firstRange(of: "Failed to mount ") else {
            return nil
        }
        // `systemd[1]: Failed to start` of the log, and the status line; not the words of any other program.
        let before = text[..<mark.lowerBound]
        guard before.contains("FAILED") || before.contains("systemd[1]") else { return nil }
        let rest = text[mark.upperBound...]
        if let found = unit(rest.split(separator: " ").first) { return found }
        let words = String(rest.prefix { $0 != "\u{1B}" }.prefix(longestName))
        return words.isEmpty ? nil : words.hasSuffix(".") ? String(words.dropLast()) : words
    }

    private static func unit(_ word: Substring?) -> String? {
        guard var word else { return nil }
        while word.last == "." { word = word.dropLast() }
        guard word.utf8.count <= longestName, kinds.contains(where: word.hasSuffix) else { return nil }
        return String(word)
    }
}
