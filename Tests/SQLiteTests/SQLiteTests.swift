// The specification of SQLite.
