import Testing

@testable import JSON

/// Seeded mutations of good texts: nothing may crash, and the scanner and the decoder may not disagree.
struct JSONFuzzTests {
    /// SplitMix64, so that a failing seed can be run again.
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    static let corpus = [
        #"{"type":"submit","id":7,"spec":{"base":"distro:debian/bookworm","artifacts":["iso"],"version":"v1.0.0"}}"#,
        #"[0,-1,1.5,2e3,-0.25E-2,9223372036854775807,{"a":{"a":{"a":[[[]]]}}}]"#,
        #"{"é":"😀","\u0061b":"\ud83d\ude00\n\t\"\\\/","list":[true,false,null,""]}"#,
        "{\n  \"a\" : [ 1 , 2 ] ,\r\n\t\"b\" : { }\n}",
    ].map { [UInt8]($0.utf8) }

    static let fragments = [
        "\"", "\\", "{", "}", "[", "]", ",", ":", "\\u", "\\ud800", "\\u0000", "1e999", "99999999999999999999",
        "\u{feff}",
        "\"a\":", "null", "\u{0}", " ",
    ].map { [UInt8]($0.utf8) }

    func mutated(_ random: inout Random) -> [UInt8] {
        var bytes = Self.corpus[Int.random(in: 0..<Self.corpus.count, using: &random)]
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let at = Int.random(in: 0...bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
            case 1: if at < bytes.count { bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
            case 2: if at < bytes.count { bytes.remove(at: at) }
            case 3:
                bytes.insert(
                    contentsOf: Self.fragments[Int.random(in: 0..<Self.fragments.count, using: &random)], at: at)
            case 4: bytes.removeSubrange(at...)
            default:
                let other = Self.corpus[Int.random(in: 0..<Self.corpus.count, using: &random)]
                let start = Int.random(in: 0...other.count, using: &random)
                bytes.insert(contentsOf: other[start..<min(other.count, start + 12)], at: at)
            }
        }
        return bytes
    }

    @Test("20 000 mutations: no crash, positions inside the text, accepted texts decode and come back equal")
    func mutations() throws {
        let seed: UInt64 = 0x5EED_2026
        print("JSON fuzz: seed \(seed)")
        var random = Random(state: seed)
        var accepted = 0
        for round in 0..<20_000 {
            let bytes = mutated(&random)
            let shown = "seed \(seed) round \(round): \(String(decoding: bytes, as: UTF8.self))"
            do throws(JSONError) {
                try JSONCheck.check(bytes)
            } catch {
                let offset = try #require(error.position?.offset)
                #expect((0...bytes.count).contains(offset), "\(shown)")
                continue
            }
            accepted += 1
            #expect(String(validating: bytes, as: UTF8.self) != nil, "\(shown)")
            do {
                let value = try StrictJSON.decode(JSONValue.self, from: bytes)
                let written = try CanonicalJSON.encode(value)
                #expect(try StrictJSON.decode(JSONValue.self, from: written) == value, "\(shown)")
                #expect(try CanonicalJSON.encode(value) == written, "\(shown)")
            } catch {
                Issue.record("\(error): \(shown)")
            }
        }
        // A fuzzer that never meets a good text, or only good ones, tests nothing.
        #expect((500...19_500).contains(accepted), "\(accepted) accepted")
    }
}
