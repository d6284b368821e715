import Testing

@testable import YAML

@Suite struct ParsingTests {
    @Test func keepsOrderPlacesAndPaths() throws {
        let node = try Node.parse(
            """
            # an image
            base: distro:debian/bookworm
            artifacts:
              - type: iso
              - type: raw
                size: 4096
            """)
        #expect(try node.map().map(\.key) == ["base", "artifacts"])
        #expect(try node["base"]?.string() == "distro:debian/bookworm")
        let size = try #require(node["artifacts"]?[1]?["size"])
        #expect(try size.int() == 4096)
        #expect(size.path == "artifacts[1].size")
        #expect(size.mark == Mark(line: 6, column: 11))
        #expect(node["artifacts"]?[1]?.path == "artifacts[1]")
        #expect(node["artifacts"]?[2] == nil && node["model"] == nil && node[0] == nil)
    }

    @Test func readsJSONToo() throws {
        let node = try Node.parse("{\"a\":[1,true,null,\"x\\/\\u00e9\\ud83d\\ude00\"],\n\t\"b\": {}}")
        #expect(
            node
                == Node.map([
                    "a": .list([.int(1), .bool(true), Node(.null), .string("x/é😀")]), "b": Node(.map([])),
                ]))
    }

    @Test(arguments: [
        #"{'a': "\ud83d\ude00"}"#, #"{a: "\ud83d\ude00", # x"#, #"{"a": "\ud83d"}"#, #"{"a": "\ude00\ud83d"}"#,
        #"{"a": "\ud83d\u0041"}"#, #"a: "\ud83d\ude00""#, #"{"a": "\ud83d\u+e00"}"#,
    ])
    func surrogatesThatAreNoJSONPairsAreRefused(text: String) {
        #expect(throws: YAMLError.self) { try Node.parse(text) }
    }

    @Test(arguments: [
        (#"{"a": "\\ud83d\\ude00"}"#, #"\ud83d\ude00"#), (#"{"a": "x\"\ud83d\ude00"}"#, "x\"😀"),
        (#"{"a": '\ud83d\ude00'}"#, #"\ud83d\ude00"#), (#"{"b": x"\ud83d, "a": "y"}"#, "y"),
    ])
    func surrogateLettersThatMeanThemselvesAreKept(text: String, expected: String) throws {
        #expect(try Node.parse(text)["a"]?.string() == expected)
    }

    @Test func aByteOrderMarkIsNoColumn() throws {
        let node = try Node.parse([0xEF, 0xBB, 0xBF] + Array("a: 1".utf8))
        #expect(try node.map().first?.keyMark == Mark(line: 1, column: 1))
    }

    @Test(arguments: [
        ("a: &x 1\nb: *x", "yaml-anchor", "1:4"),
        ("a: 1\nb: *x", "yaml-anchor", "2:4"),
        ("a: &x [1]", "yaml-anchor", "1:4"),
        ("a: &x {b: 1}", "yaml-anchor", "1:4"),
        ("<<: {a: 1}", "yaml-anchor", "1:1"),
        ("a: !!str 1", "yaml-tag", "1:4"),
        ("a: ! 1", "yaml-tag", "1:4"),
        ("a: !x [1]", "yaml-tag", "1:4"),
        ("a: 1\nb: 2\na: 3", "yaml-duplicate-key", "3:1"),
        ("{\"a\": 1, \"\\u0061\": 2}", "yaml-duplicate-key", "1:10"),
        ("a:\n\tb: 1", "yaml-tab", "2:1"),
        ("a:\n  b: 1\n  \tc: 2", "yaml-tab", "3:3"),
        ("a:\n\t- b", "yaml-tab", "2:1"),
        ("a: 1\n---\nb: 2", "yaml-several-documents", "2:1"),
        ("", "yaml-empty", "1:1"),
        ("# nothing\n", "yaml-empty", "2:1"),
        ("? [a]\n: 1", "yaml-key", "1:3"),
        (": 1", "yaml-syntax", "1:1"),
        ("mode: 0777", "yaml-number", "1:7"),
        ("a: [1, -01]", "yaml-number", "1:8"),
        ("a: 9223372036854775808", "yaml-number", "1:4"),
        ("a: 0xFFFFFFFFFFFFFFFFF", "yaml-number", "1:4"),
        ("a: 1e999", "yaml-number", "1:4"),
        ("a: b: c", "yaml-syntax", "1:5"),
        ("a: 'x", "yaml-syntax", "1:6"),
        ("a: [1", "yaml-syntax", "2:1"),
        ("a: 1\n b: 2", "yaml-syntax", "2:3"),
        ("a: \"\\q\"", "yaml-syntax", "1:5"),
        ("a: @b", "yaml-syntax", "1:4"),
        ("a\nb: 1", "yaml-syntax", "2:2"),
        ("a: x\u{7}", "yaml-encoding", "1:5"),
    ])
    func refusesWithCodeAndPlace(text: String, code: String, place: String) {
        let error = #expect(throws: YAMLError.self) { try Node.parse(text) }
        #expect(error?.code.rawValue == code)
        #expect(error?.mark.description == place)
    }

    @Test func refusesBytesThatAreNoUTF8WithTheirPlace() {
        let error = #expect(throws: YAMLError.self) { try Node.parse(Array("é: 1\nb: x".utf8) + [0xFF]) }
        #expect(error?.code == .encoding)
        #expect(error?.mark == Mark(line: 2, column: 5))
    }

    @Test(arguments: [
        (
            "a: 0777",
            "1:4: a: the number 0777 starts with a zero, which parsers read differently; "
                + "leave the zero out, write 0o… for an octal number, or put it in quotes if it is text"
        ),
        ("a:\n\tb: 1", "2:1: the line is indented with a tab; YAML takes spaces only: replace each tab by two spaces"),
        ("a: 1\nb: [1", "3:1: a list in [ ] is not closed, or a ',' is missing (it starts at 2:4)"),
        ("x:\n  a: 1\n  a: 2", "3:3: x: the key 'a' is already given on line 2; keep one of the two"),
    ])
    func errorsSayPlacePathMatterAndWayOut(text: String, words: String) {
        let error = #expect(throws: YAMLError.self) { try Node.parse(text) }
        #expect(error?.description == words)
    }

    @Test func limitsHoldOnBytesDepthAndValues() {
        let limits = Node.Limits(bytes: 60, depth: 3, nodes: 6)
        func code(_ text: String) -> YAMLError.Code? {
            #expect(throws: YAMLError.self) { try Node.parse(text, limits: limits) }?.code
        }
        #expect(throws: Never.self) { try Node.parse("[[[1]]]", limits: limits) }
        #expect(code("[[[[1]]]]") == .limit)
        #expect(throws: Never.self) { try Node.parse("[1, 2, 3, 4, 5]", limits: limits) }
        #expect(code("[1, 2, 3, 4, 5, 6]") == .limit)
        #expect(code(String(repeating: "x", count: 61)) == .limit)
    }

    @Test(arguments: ["[", "{a: ", "- ", "? ", "\"a\": {", "[a, ", "a:\n"])
    func aMebibyteOfOneThingIsRefusedSoon(unit: String) {
        let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
        let started = ContinuousClock.now
        #expect(throws: YAMLError.self) { try Node.parse(text) }
        #expect(ContinuousClock.now - started < .seconds(20))
    }

    @Test func aLongKeyIsCutInPaths() throws {
        let key = String(repeating: "k", count: 1000)
        let node = try Node.parse("\(key):\n  a: 1")
        #expect(try #require(node[key]?["a"]).path == String(repeating: "k", count: 60) + "….a")
    }
}
