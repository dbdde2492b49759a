#include "tests/store/sqlite_database.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/sqlite/connection.h"

enum { URL_SIZE = 4096, MOST = 256, WAIT_MS = 30000 };

static const char *fresh(void)
{
    static char urls[MOST][URL_SIZE];
    static int used;

    assert_in_range(used, 0, MOST - 1);
    (void)snprintf(urls[used], URL_SIZE, "sqlite:%s/%d.db", harness_tmpdir(), used);
    return urls[used++];
}

sqlite3 *sqlite_database_connect(const char *url)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(url + strlen("sqlite:"), &db), SQLITE_OK);
    (void)sqlite3_busy_timeout(db, WAIT_MS);
    (void)sqlite3_wal_autocheckpoint(db, 0);
    (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)NULL);
    return db;
}

static int first_column(void *user, int columns, char **values, char **names)
{
    int64_t *number = user;

    (void)names;
    if (columns > 0 && values[0])
        *number = strtoll(values[0], NULL, 10);
    return 0;
}

int64_t sqlite_database_run(sqlite3 *db, const char *sql)
{
    int64_t n = 0;

    if (sqlite3_exec(db, sql, first_column, &n, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return n;
}

static int64_t number(const char *url, const char *sql)
{
    sqlite3 *db = sqlite_database_connect(url);
    int64_t n = sqlite_database_run(db, sql);

    (void)sqlite3_close(db);
    return n;
}

sqlite3 *sqlite_database_inside(const struct bench *b)
{
    return ((const struct connection *)(const void *)b->store)->db;
}

void sqlite_database_hurry(const struct bench *b)
{
    (void)sqlite_database_run(sqlite_database_inside(b), "PRAGMA synchronous = off");
}

const struct conformance_database sqlite_database = {.fresh = fresh, .number = number};
