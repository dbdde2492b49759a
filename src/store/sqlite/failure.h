/*
 * failure.h - what SQLite's result codes mean to a user: the only place that maps them
 */
#ifndef PLAIN_STORE_SQLITE_FAILURE_H
#define PLAIN_STORE_SQLITE_FAILURE_H

#include <sqlite3.h>

#include <plain/jobs/error.h>

/* Fills *err for the extended code rc of db (NULL: none yet) and returns its PLAIN_E_ code. doing:
 * "enqueueing"; path: the file. */
int failure_set(sqlite3 *db, int rc, const char *path, const char *doing, plain_error *err);

#endif
