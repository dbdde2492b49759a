/* sqlite_database.h - SQLite files for tests */
#ifndef PLAIN_TESTS_STORE_SQLITE_DATABASE_H
#define PLAIN_TESTS_STORE_SQLITE_DATABASE_H

#include <sqlite3.h>

#include "tests/store/conformance.h"

extern const struct conformance_database sqlite_database;

/* Another connection to the file of a URL, as an application would have one. It never checkpoints.
 */
sqlite3 *sqlite_database_connect(const char *url);
/* Runs statements; the first column of the last row as a number. Fails the test on an error. */
int64_t sqlite_database_run(sqlite3 *db, const char *sql);
/* The connection inside a store. */
sqlite3 *sqlite_database_inside(const struct bench *b);
/* Nothing waits for the disk any more: for tests of many commits that no power cut follows. */
void sqlite_database_hurry(const struct bench *b);

#endif
