/// One forward step of the schema: a file of this folder, embedded when the package is built.
package struct Migration: Sendable, Equatable {
    /// The file's name without `.sql`, for example `0001_queue`: its order and its identity.
    package let name: String
    /// The file's text.
    package let sql: String
}

extension Migration {
    /// All migrations, in order.
    package static let all: [Migration] = embeddedMigrations.map { Migration(name: $0.name, sql: $0.sql) }
}
