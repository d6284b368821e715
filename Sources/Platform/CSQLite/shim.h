#pragma once
#include <sqlite3.h>

// Swift does not import C variadics and casts of function-pointer macros: these three calls need a C spelling.

// Sets one boolean option of a connection and reads it back: SQLITE_MISUSE when SQLite did not take it.
static inline int csqlite_set_option(sqlite3 *db, int option, int on) {
    int now = -1;
    int rc = sqlite3_db_config(db, option, on, &now);
    return rc != SQLITE_OK ? rc : (now == on ? SQLITE_OK : SQLITE_MISUSE);
}

// SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_text64(statement, index, bytes, count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    return sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}
