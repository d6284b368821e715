import CSQLite

/// Prepared statements of one connection, by their text, up to a limit.
///
/// A statement in use is out of the cache, so that a query run from inside another's rows prepares a second one.
/// A class because a borrowed connection must be able to change it; it is used only by the connection's one owner.
final class StatementCache {
    private struct Entry {
        let statement: OpaquePointer
        let lastUse: UInt64
    }

    private let limit: Int
    private var entries: [String: Entry] = [:]
    private var uses: UInt64 = 0

    init(limit: Int) { self.limit = limit }

    /// The number of statements kept.
    var count: Int { entries.count }

    func take(_ sql: String) -> OpaquePointer? { entries.removeValue(forKey: sql)?.statement }

    func give(_ sql: String, _ statement: OpaquePointer) {
        uses += 1
        if let old = entries.updateValue(Entry(statement: statement, lastUse: uses), forKey: sql) {
            sqlite3_finalize(old.statement)
        }
        guard entries.count > limit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) else {
            return
        }
        entries[oldest.key] = nil
        sqlite3_finalize(oldest.value.statement)
    }

    func removeAll() {
        for entry in entries.values { sqlite3_finalize(entry.statement) }
        entries = [:]
    }
}
