import Testing

@testable import YAML

@Suite struct EmittingTests {
    @Test func writesBlocksInOrder() throws {
        let node = Node.map([
            "version": .string("1.0"), "base": .string("distro:debian/bookworm"), "on": .bool(true),
            "list": .list([.int(1), Node(.double(1.5)), Node(.null)]), "none": Node(.list([])),
            "script": .string("a\nb\n"),
        ])
        #expect(
            try node.yaml() == """
                version: "1.0"
                base: distro:debian/bookworm
                "on": true
                list:
                - 1
                - 1.5
                - null
                none: []
                script: |
                  a
                  b

                """)
    }

    static let hard: [String] = [
        "", " ", "on", "off", "yes", "No", "y", "N", "true", "null", "~", "1.0", "0777", "0x1F", "0o7", "1_000",
        "12:30",
        "2024-01-01", "=", "<<", "a: b", "a:", ": ", "a #b", "#a", "- a", "-", "? a", "[a]", "{a}", "&a", "*a", "!a",
        "|",
        ">", "%a", "@a", "`a", "'a'", "\"a\"", "a\\b", "a\tb", "\ta", "a ", " a", "a\nb", "a\n", "\na", " a\nb",
        "a\r\nb",
        "a\u{85}b", "a\u{2028}b", "é", "😀", "\u{FEFF}a", "a\u{0}b", "a\u{7F}b", "---", "...", ".inf", "1e5",
        "9223372036854775808", "0b1", "a,b", "/etc/x", "\n", "\n\n", "a\n\n\n", "e\u{301}",
    ]

    @Test(arguments: hard)
    func whatIsWrittenReadsBackEqual(text: String) throws {
        #expect(try Node.parse(try Node.string(text).yaml()) == .string(text))
        let nested = Node.map(["k": .list([.string(text), .map(["x": .string(text)])])])
        #expect(try Node.parse(try nested.yaml()) == nested)
    }

    @Test(arguments: hard.filter { !$0.isEmpty && $0 != "<<" })
    func keysReadBackEqual(text: String) throws {
        let node = Node(.map([.init(text, .int(1))]))
        #expect(try Node.parse(try node.yaml()) == node)
    }

    @Test(arguments: [1.0, -0.5, 1e300, .infinity, -.infinity, .nan, 1e-300])
    func numbersReadBackEqual(number: Double) throws {
        #expect(try Node.parse(try Node(.double(number)).yaml()) == Node(.double(number)))
    }
}
