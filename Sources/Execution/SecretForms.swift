import FoundationEssentials

/// The forms in which tools repeat what a proxy's URL keeps secret. Pure.
enum SecretForms {
    /// A shorter password is masked only beside its user's name: by itself it is in every other word.
    private static let shortestAlone = 4
    /// Shorter base64 is masked only with its padding: without, it is in every other word.
    private static let shortestUnpadded = 8

    /// All forms of `user:password`, or of a user alone, as they stand in a URL: as they are there, with percent-encoding
    /// undone and done anew, and in base64 as `Proxy-Authorization: Basic` has them (RFC 7617).
    static func of(userInfo info: String) -> Set<String> {
        guard !info.isEmpty else { return [] }
        let parts = info.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let (user, password) = (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : nil)
        var words: Set<String> = [info, decoded(info)]
        for escape in Escape.allCases {
            words.insert(escape.encoded(user) + (password.map { ":" + escape.encoded($0) } ?? ""))
            words.insert(escape.encoded(decoded(info)))
        }
        // Without a password the header has an empty one.
        for pair in [decoded(info), info, password == nil ? decoded(info) + ":" : info] {
            words.formUnion(base64(pair))
        }
        guard let password else { return words }
        for word in [parts[1], password] + Escape.allCases.map({ $0.encoded(password) })
        where word.utf8.count >= shortestAlone {
            words.insert(word)
        }
        return words
    }

    // MARK: Percent-encoding

    /// Percent-encoding undone (RFC 3986, 2.1); what is none stays.
    static func decoded(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "%"), index + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
            {
                result.append(byte)
                index += 3
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// Who encodes: libraries differ in what they leave as it is, and in the case of digits.
    private enum Escape: CaseIterable {
        /// All but the unreserved characters (curl, Python).
        case strict, strictLowerCase
        /// The sub-delimiters stay too (Go's user information).
        case userInfo, userInfoLowerCase

        func encoded(_ text: String) -> String {
            let kept = Set((isStrict ? "-._~" : "-._~$&+,;=!'()*").utf8)
            var result = ""
            for byte in text.utf8 {
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    result.unicodeScalars.append(Unicode.Scalar(byte))
                case _ where kept.contains(byte): result.unicodeScalars.append(Unicode.Scalar(byte))
                default:
                    let digits = String(byte, radix: 16, uppercase: isUpperCase)
                    result += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
                }
            }
            return result
        }

        private var isStrict: Bool { self == .strict || self == .strictLowerCase }
        private var isUpperCase: Bool { self == .strict || self == .userInfo }
    }

    // MARK: Base64

    /// The text in base64 (RFC 4648), in both alphabets, with padding and without.
    private static func base64(_ text: String) -> [String] {
        let standard = Data(text.utf8).base64EncodedString()
        let forURLs = String(standard.map { $0 == "+" ? "-" : $0 == "/" ? "_" : $0 })
        return [standard, forURLs].flatMap { padded in
            let bare = String(padded.prefix { $0 != "=" })
            return bare.utf8.count >= shortestUnpadded ? [padded, bare] : [padded]
        }
    }
}
