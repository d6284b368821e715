import Testing

/// The rules of CONTRIBUTING.md that the compiler and the formatter do not check.
struct SourceRulesTests {
    @Test("what ships imports FoundationEssentials at most")
    func noFoundation() throws {
        for file in try Sources.files() {
            let imports = try Sources.imports(of: file)
            #expect(!imports.contains("Foundation"), "\(file)")
            #expect(!imports.contains("FoundationNetworking"), "\(file)")
        }
    }

    @Test("no file is longer than 500 lines")
    func fileLength() throws {
        for file in try Sources.files() + Repository.files("Tests", suffix: ".swift") {
            let count = try Repository.lines(file).count
            #expect(count <= 500, "\(file) has \(count) lines")
        }
    }

    @Test(
        "words that have no place in Sources",
        arguments: [
            ("fatalError(", "errors are thrown"),
            ("try!", "errors are thrown"),
            (" as! ", "a cast that fails is an error"),
            ("import Synchronization.Mutex", "ThreadSanitizer does not see it: use IO.Locked"),
            (" Mutex(", "ThreadSanitizer does not see it: use IO.Locked"),
            ("Thread.sleep", "waits go through IO with a deadline"),
        ])
    func words(word: String, why: String) throws {
        for file in try Sources.files() {
            for line in try Repository.lines(file) where Sources.code(line.text).contains(word) {
                Issue.record("\(file):\(line.number): \(word): \(why)")
            }
        }
    }

    @Test("nothing is left to do in a comment", arguments: ["TODO", "FIXME", "XXX:", "HACK"])
    func nothingLeft(word: String) throws {
        for file in try Sources.files() {
            for line in try Repository.lines(file) where line.text.contains("// " + word) {
                Issue.record("\(file):\(line.number): \(line.text)")
            }
        }
    }

    @Test("what the compiler is told to believe has a comment that says what protects it")
    func uncheckedIsExplained() throws {
        for file in try Sources.files() {
            let lines = try Repository.lines(file)
            for line in lines {
                let code = Sources.code(line.text)
                guard code.contains("@unchecked Sendable") || code.contains("nonisolated(unsafe)") else { continue }
                let around = lines[max(0, line.number - 6)..<line.number]
                #expect(around.contains { $0.text.contains("//") }, "\(file):\(line.number)")
            }
        }
    }

    @Test("a file is named for what is in it, not for being useful")
    func fileNames() throws {
        for file in try Sources.files() {
            for drawer in ["Util", "Helper", "Manager", "Extras", "Misc"] {
                #expect(!file.contains(drawer), "\(file)")
            }
        }
    }
}
