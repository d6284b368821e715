import Configuration
import FoundationEssentials
import Testing

private let known = ["root", "slots", "listen"]

/// Reads `text` from a file of its own.
private func read(_ text: String) throws -> [String: [String]] {
    let path = FileManager.default.temporaryDirectory.path + "/configuration-\(UInt64.random(in: 0 ... .max)).yaml"
    try Data(text.utf8).write(to: URL(filePath: path))
    // What stays behind in a temporary directory is no failure of the test.
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try ConfigurationFile.read(path, known: known, mayBeMissing: false)
}

@Suite struct ConfigurationFileTests {
    @Test func valuesAreTakenAsTheyAreWritten() throws {
        #expect(
            try read("root: /srv/factory\nslots: 2\nlisten:\n  - 127.0.0.1:1\n  - 127.0.0.1:2\n")
                == ["root": ["/srv/factory"], "slots": ["2"], "listen": ["127.0.0.1:1", "127.0.0.1:2"]])
        #expect(try read("# nothing\n") == [:])
    }

    @Test(arguments: [
        ("slot: 2\n", ConfigurationError.Code.unknownKey, "slots"),
        ("slots:\n", .badValue, "slots"),
        ("slots: {a: 1}\n", .badValue, "slots"),
        ("- a\n", .badValue, "map"),
        ("slots: 1\nslots: 2\n", .syntax, ":2:"),
    ]) func whatCannotBeUsedIsNamed(text: String, code: ConfigurationError.Code, names: String) {
        do {
            _ = try read(text)
            Issue.record("taken")
        } catch let error as ConfigurationError {
            #expect(error.code == code)
            #expect(error.message.contains(names), "\(error)")
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test func aMissingFileMattersOnlyWhenSomebodyNamedIt() throws {
        let path = "/nonexistent/\(UInt64.random(in: 0 ... .max)).yaml"
        #expect(try ConfigurationFile.read(path, known: known, mayBeMissing: true) == [:])
        #expect(throws: ConfigurationError.self) {
            try ConfigurationFile.read(path, known: known, mayBeMissing: false)
        }
    }
}
