// SQLite made safe: one writer with group commit, readers, migrations.
