import Crypto
import IO
import Testing

@Suite struct SHA256Tests {
    // FIPS 180-4 examples, and the empty message.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func theExamplesOfTheStandardHold(text: String, expected: String) {
        #expect(SHA256.hex(of: text) == expected)
    }

    @Test func piecesAndTheWholeGiveOneHash() {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        var hash = SHA256()
        var at = 0
        for size in [1, 63, 64, 65, 4096, 95_711] {
            hash.update(Array(bytes[at..<at + size]))
            at += size
        }
        let soFar = hash.copy()
        #expect(hash.finish() == SHA256.hash(bytes))
        #expect(soFar.finish() == SHA256.hash(bytes))
    }

    @Test func aFileHasTheHashOfItsBytes() async throws {
        let directory = try Directory.temporary("/tmp/crypto.")
        let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 13) }
        try AtomicFile.write(bytes, to: directory + "/f")
        #expect(try await SHA256.hash(file: directory + "/f") == SHA256.hash(bytes))
        await #expect {
            try await SHA256.hash(file: directory + "/none")
        } throws: {
            ($0 as? CryptoError)?.code == .unreadable
        }
        try Directory.remove(directory)
    }

    @Test func hashingAnEndlessFileEndsByCancellation() async throws {
        let task = Task { try await SHA256.hash(file: "/dev/zero") }
        task.cancel()
        await #expect {
            try await task.value
        } throws: {
            ($0 as? CryptoError)?.code == .cancelled
        }
    }

    @Test func digitsGoBothWays() {
        #expect(Hexadecimal.encode([0, 0x0f, 0xa5, 0xff]) == "000fa5ff")
        #expect(Hexadecimal.decode("000fA5ff") == [0, 0x0f, 0xa5, 0xff])
        #expect(Hexadecimal.decode("0") == nil)
        #expect(Hexadecimal.decode("0g") == nil)
    }

    @Test func tokensAreLongAndNeverTwice() {
        let tokens = Set((0..<1000).map { _ in Randomness.token() })
        #expect(tokens.count == 1000)
        #expect(tokens.allSatisfy { $0.utf8.count == 64 })
        #expect(Randomness.areEqual("abc", "abc"))
        #expect(!Randomness.areEqual("abc", "abd") && !Randomness.areEqual("abc", "ab"))
    }
}
