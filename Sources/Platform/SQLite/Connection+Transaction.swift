extension Connection {
    /// How a transaction starts.
    package enum Begin: String, Sendable {
        /// One snapshot for reading.
        case deferred = "BEGIN"
        /// Takes the write lock at once, so that no later statement of it can meet a busy database.
        case immediate = "BEGIN IMMEDIATE"
    }

    /// Runs the body between BEGIN and COMMIT, or in a savepoint when a transaction is open; rolls back when it throws.
    package borrowing func transaction<R>(
        _ begin: Begin = .immediate, _ body: (borrowing Connection) throws -> R
    ) throws -> R {
        let isNested = inTransaction
        try run(isNested ? "SAVEPOINT nested" : begin.rawValue)
        do {
            let result = try body(self)
            try run(isNested ? "RELEASE nested" : "COMMIT")
            return result
        } catch {
            // A full disk or an I/O error may have rolled everything back already; then there is nothing to undo.
            // A failing ROLLBACK leaves the transaction to the next BEGIN, which refuses: the first cause matters.
            if inTransaction, isNested {
                _ = try? run("ROLLBACK TO nested")
                _ = try? run("RELEASE nested")
            } else if inTransaction {
                _ = try? run("ROLLBACK")
            }
            throw error
        }
    }
}
