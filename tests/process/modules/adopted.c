/*
 * adopted.c - enqueues in a transaction of its own and waits: adopted URL KEY
 *
 * Prints "enqueued" before the commit, reads a line, commits and prints "committed".
 */
#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>
#include <sqlite3.h>

#include <plain/jobs/postgres.h>
#include <plain/jobs/sqlite.h>

static sqlite3 *db;
static PGconn *conn;

static int say(const char *sql)
{
    if (db)
        return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    PGresult *result = PQexec(conn, sql);
    int good = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    return good;
}

static int adopt(const char *url, plain_jobs **jobs, plain_error *err)
{
    if (strncmp(url, "sqlite:", 7) == 0) {
        if (sqlite3_open(url + 7, &db) != SQLITE_OK || !say("BEGIN IMMEDIATE"))
            return PLAIN_E_DB;
        return plain_jobs_adopt_sqlite(db, jobs, err);
    }
    conn = PQconnectdb(url);
    if (!say("BEGIN"))
        return PLAIN_E_DB;
    return plain_jobs_adopt_postgres(conn, NULL, jobs, err);
}

int main(int argc, char **argv)
{
    char line[16];
    plain_jobs *jobs;
    plain_error err = {0};

    if (argc != 3)
        return 2;
    int r = adopt(argv[1], &jobs, &err);
    if (r == PLAIN_OK) {
        r = plain_run_in_worker_by_name(jobs, "NoopJob", NULL,
                                        PLAIN_OPTIONS(.concurrency_key = argv[2]), NULL, &err);
        plain_jobs_close(jobs);
    }
    printf("%s\n", r == PLAIN_OK ? "enqueued" : r == PLAIN_SKIPPED ? "skipped" : err.message);
    (void)fflush(stdout);
    if (fgets(line, sizeof(line), stdin) && say("COMMIT"))
        printf("committed\n");
    (void)sqlite3_close(db);
    PQfinish(conn);
    return r < 0;
}
