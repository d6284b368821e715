import Testing

struct ModuleGraphTests {
    @Test("Package.swift and the table of docs/architecture.md are the same graph", .timeLimit(.minutes(3)))
    func documentIsTrue() async throws {
        let package = try await ModuleGraph.ofPackage().modules
        let document = try ModuleGraph.ofDocument().modules
        #expect(package.count > 20)
        #expect(Set(package.keys) == Set(document.keys))
        for (name, module) in package.sorted(by: { $0.key < $1.key }) {
            let listed = try #require(document[name], "\(name) is not in the table")
            #expect(listed.path == module.path, "folder of \(name)")
            #expect(listed.imports.subtracting(module.imports).sorted() == [], "\(name): in the table only")
            #expect(module.imports.subtracting(listed.imports).sorted() == [], "\(name): in Package.swift only")
        }
    }

    @Test("no arrow points up, and none sideways above the ground floor")
    func arrowsPointDown() throws {
        let modules = try ModuleGraph.ofDocument().modules
        for (name, module) in modules {
            for imported in module.imports {
                let below = try #require(modules[imported], "\(name) imports \(imported), which is not in the table")
                let allowed = below.floor < module.floor || (module.floor == 1 && below.floor == 1)
                #expect(allowed, "\(name) (floor \(module.floor)) imports \(imported) (floor \(below.floor))")
            }
        }
    }

    @Test("there is no circle")
    func noCircle() throws {
        #expect(try ModuleGraph.ofDocument().circle() == nil)
        let circular = ModuleGraph(modules: [
            "A": .init(path: "", imports: ["B"]), "B": .init(path: "", imports: ["C"]),
            "C": .init(path: "", imports: ["B"]),
        ])
        #expect(circular.circle() == ["B", "C", "B"])
    }

    @Test("every import of ours is an arrow of the table, and every arrow is an import of some file")
    func importsAreArrows() throws {
        let modules = try ModuleGraph.ofDocument().modules
        for (name, module) in modules where module.floor > 0 && module.path != "migrations" {
            var used: Set<String> = []
            for file in try Repository.files(module.path, suffix: ".swift") {
                for imported in try Sources.imports(of: file) where modules[imported] != nil {
                    #expect(module.imports.contains(imported), "\(file) imports \(imported), not in the table")
                    used.insert(imported)
                }
            }
            #expect(module.imports.subtracting(used).sorted() == [], "\(name) lists modules that no file imports")
        }
    }
}
