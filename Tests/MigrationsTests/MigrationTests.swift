import FactoryMigrations
import FoundationEssentials
import Testing

@Suite struct MigrationTests {
    /// The folder `migrations/` of this source tree.
    private var folder: String {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        return root + "/migrations"
    }

    @Test func whatIsEmbeddedIsWhatTheFolderHolds() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".sql") }.sorted()
        #expect(Migration.all.map { $0.name + ".sql" } == names)
        for migration in Migration.all {
            let data = try Data(contentsOf: URL(filePath: folder + "/" + migration.name + ".sql"))
            #expect(migration.sql == String(decoding: data, as: UTF8.self), "\(migration.name)")
        }
    }

    @Test func namesAreNumberedWithoutGaps() {
        for (index, migration) in Migration.all.enumerated() {
            let number = migration.name.prefix(4)
            #expect(Int(number) == index + 1, "\(migration.name)")
            #expect(migration.name.dropFirst(4).first == "_")
        }
    }
}
