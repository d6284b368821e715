import FactoryProtocol

/// How much a worker may say about itself: all of it is kept, and every list of workers repeats it.
enum RegistrationLimits {
    static let slots = 1...64
    static let architectures = 16
    static let capabilities = 500
    /// Bytes of a capability's name.
    static let name = 64
    /// Bytes of a capability's value.
    static let value = 1024
    /// Bytes of all names and values together.
    static let all = 64 * 1024
    /// Bytes of the host's name (hostname(7) has 253 at most) and of the name and version of the program.
    static let word = 255

    /// What of an offer is beyond its limit: the field, its size and the limit; nil when nothing is.
    static func excess(of offer: Register, software: String) -> String? {
        if !slots.contains(offer.slots) {
            return "slots: \(offer.slots) is not in \(slots.lowerBound) to \(slots.upperBound)"
        }
        if !(1...architectures).contains(offer.architectures.count) {
            return "architectures: \(offer.architectures.count) are not 1 to \(architectures)"
        }
        if offer.capabilities.count > capabilities {
            return "capabilities: \(offer.capabilities.count) are more than \(capabilities)"
        }
        for (key, text) in offer.capabilities.sorted(by: { $0.key < $1.key }) {
            if !(1...name).contains(key.utf8.count) {
                return "capabilities: the name \"\(key.prefix(name))\" has \(key.utf8.count) bytes, not 1 to \(name)"
            }
            if text.utf8.count > value {
                return "capabilities: the value of \(key) has \(text.utf8.count) bytes, more than \(value)"
            }
        }
        let total = offer.capabilities.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
        if total > all { return "capabilities: \(total) bytes in all are more than \(all)" }
        if offer.host.utf8.count > word { return "host: \(offer.host.utf8.count) bytes are more than \(word)" }
        if software.utf8.count > word { return "software: \(software.utf8.count) bytes are more than \(word)" }
        return nil
    }

    /// As much of an offer as is within the limits: the first capabilities by name, the beginnings of texts.
    static func cut(_ offer: Register, software: String) -> (offer: Register, software: String) {
        guard excess(of: offer, software: software) != nil else { return (offer, software) }
        var left = all
        var kept: [String: String] = [:]
        for (key, text) in offer.capabilities.sorted(by: { $0.key < $1.key }) where kept.count < capabilities {
            let text = beginning(of: text, value)
            let size = key.utf8.count + text.utf8.count
            guard (1...name).contains(key.utf8.count), size <= left else { continue }
            kept[key] = text
            left -= size
        }
        var part = offer
        part.architectures = Array(offer.architectures.prefix(architectures))
        part.slots = min(max(offer.slots, slots.lowerBound), slots.upperBound)
        part.capabilities = kept
        part.host = beginning(of: offer.host, word)
        return (part, beginning(of: software, word))
    }

    /// The beginning of a text, whole characters of at most so many bytes.
    private static func beginning(of text: String, _ bytes: Int) -> String {
        guard text.utf8.count > bytes else { return text }
        var part = String.UnicodeScalarView()
        var left = bytes
        for scalar in text.unicodeScalars {
            left -= UTF8.width(scalar)
            guard left >= 0 else { break }
            part.append(scalar)
        }
        return String(part)
    }
}
