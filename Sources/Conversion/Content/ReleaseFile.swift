/// `/etc/kairos-release`: what an image says about itself, read by shells, by GRUB and by Kairos' programs.
package enum ReleaseFile {
    package static let path = "/etc/kairos-release"

    /// The text: one assignment a line, sorted by bytes. Values are quoted except decimal integers, which Kairos'
    /// own writer leaves bare.
    package static func text(_ values: [String: String]) -> String {
        let lines = values.map { name, value in
            if let number = Int(value) { return "\(name)=\(number)\n" }
            return "\(name)=\"\(escaped(value))\"\n"
        }
        return lines.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }.joined()
    }

    /// The text after `values` are set in what a file holds already: a base that is an image of Kairos keeps its other
    /// keys.
    package static func text(_ values: [String: String], over existing: String) -> String {
        text(OSRelease(existing).fields.merging(values) { $1 })
    }

    private static func escaped(_ value: String) -> String {
        var result = ""
        for character in value {
            switch character {
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\\", "\"", "!", "$", "`": result += "\\\(character)"
            default: result.append(character)
            }
        }
        return result
    }
}
