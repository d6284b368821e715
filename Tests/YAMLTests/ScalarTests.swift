import Testing

@testable import YAML

@Suite struct ScalarTests {
    @Test(arguments: [
        ("", Node.Value.null), ("~", .null), ("null", .null), ("Null", .null), ("true", .bool(true)),
        ("False", .bool(false)), ("0", .int(0)), ("-0", .int(0)), ("+12", .int(12)), ("-17", .int(-17)),
        ("0x1F", .int(31)), ("0o17", .int(15)), ("9223372036854775807", .int(.max)),
        ("-9223372036854775808", .int(.min)), ("1.5", .double(1.5)), (".5", .double(0.5)), ("1.", .double(1)),
        ("1e3", .double(1000)), ("-1.5E-3", .double(-0.0015)), ("00.5", .double(0.5)), (".inf", .double(.infinity)),
        ("-.INF", .double(-.infinity)), (".NaN", .double(.nan)),
    ])
    func coreSchemaOfYAML12(text: String, expected: Node.Value) throws {
        #expect(try Node.parse("[\(text.isEmpty ? "~" : text)]")[0] == Node(expected))
    }

    @Test(arguments: [
        "yes", "no", "on", "off", "y", "N", "1_000", "12:30", "2024-01-01", "nUll", "tRUE", "0b11", "0xG", "0o8", "0x",
        "-0x1", "1.2.3", "v1", "1e", ".", "+", "-", "--1", "e5", "inf", "nan", "0x+1", "1e+", "١",
    ])
    func everythingElseIsText(text: String) throws {
        #expect(try Node.parse("a: \(text == "-" ? "\"-\"" : text)")["a"]?.string() == text)
    }

    @Test func quotedScalarsAreAlwaysText() throws {
        #expect(try Node.parse(#"["0777", 'true', "", '1.0']"#) == .list(["0777", "true", "", "1.0"].map(Node.string)))
    }
}
