#pragma once
#include <sqlite3.h>

/// Has SQLite keep no statistics of its memory, which would take a lock at each allocation; to be called
/// before its first use. It takes a list of arguments, which Swift cannot pass.
static inline int sc_sqlite_count_no_memory(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }
