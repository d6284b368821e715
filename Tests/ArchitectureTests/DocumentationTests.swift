import Testing

struct DocumentationTests {
    static let documents = [
        "README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/protocol.md", "docs/getting-started.md",
        "docs/operating.md", "docs/spec.md", "docs/http.md", "docs/conversion.md",
    ]

    @Test("every document exists and begins with its title", arguments: documents)
    func exists(document: String) throws {
        #expect(try Repository.text(document).hasPrefix("# "))
    }

    @Test("every link into the repository leads to a file", arguments: documents)
    func links(document: String) throws {
        let folder = document.contains("/") ? "docs/" : ""
        let text = try Repository.text(document)
        for match in text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) {
            let target = String(match.1)
            if target.contains("://") { continue }
            let path = target.hasPrefix("../") ? String(target.dropFirst(3)) : folder + target
            #expect(Repository.exists(path), "\(document) links to \(target)")
        }
    }

    @Test(
        "the options of a daemon are the keys of its example configuration and of docs/operating.md",
        arguments: [
            ("Sources/factoryd/DaemonOptions.swift", "systemd/factoryd.yaml"),
            ("Sources/WorkerAgent/WorkerCommand.swift", "systemd/worker.yaml"),
        ])
    func configuration(options: String, example: String) throws {
        let document = try Repository.text("docs/operating.md")
        // Options that name the file itself, or where everything is; and those of `run-job`.
        let leftOut: Set = ["config", "root"]
        let names = try Repository.text(options).matches(of: /Option\.value\(\s*"([a-z-]+)"/).map { String($0.1) }
            .filter { !leftOut.contains($0) }
        let keys = try Repository.lines(example).compactMap { line in
            line.text.firstMatch(of: #/^# ([a-z-]+): /#).map { String($0.1) }
        }
        #expect(names.sorted() == keys.sorted())
        for name in names { #expect(document.contains("| `\(name)` |"), "\(name)") }
    }

    @Test("the Debian packages in the documents are those of scripts/packages")
    func packages() throws {
        let listed = try Set(
            Repository.lines("scripts/packages").compactMap { line -> Substring? in
                let words = line.text.split(separator: " ")
                guard words.count > 2, ["build", "runtime", "run", "test"].contains(words[0]) else { return nil }
                return words[1]
            })
        #expect(listed.count > 20)
        let text = try Repository.text("docs/operating.md")
        for command in text.matches(of: /apt-get install (?:--no-install-recommends )?([a-z0-9.+\- ]+)/) {
            for package in command.1.split(separator: " ") {
                #expect(listed.contains(package), "docs/operating.md installs \(package)")
            }
        }
    }

    @Test("the line for a machine that only runs the programs names every library and tool that it lacks")
    func packagesToRun() throws {
        // No Debian is without these.
        let always: Set<Substring> = ["apt", "mount"]
        let needed = try Repository.lines("scripts/packages").compactMap { line -> Substring? in
            let words = line.text.split(separator: " ")
            guard words.count > 2, ["runtime", "run"].contains(words[0]), !always.contains(words[1]) else { return nil }
            return words[1]
        }
        let text = try Repository.text("docs/operating.md")
        let command = try #require(text.firstMatch(of: /apt-get install --no-install-recommends ([a-z0-9.+\- ]+)/))
        #expect(Set(command.1.split(separator: " ")) == Set(needed))
    }
}
