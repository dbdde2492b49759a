/*
 * completes.c - jobs that write a row and complete in the same transaction; see
 * test_complete_in.py. The table is effects(job, note).
 */
#define _GNU_SOURCE
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <plain/jobs.h>
#include <plain/jobs/postgres.h>
#include <plain/jobs/sqlite.h>

struct effect {
    const char *url;
    const char *how; /* what it does beside its work */
    int64_t ms;      /* between completing and COMMIT */
};

static sqlite3 *db;
static PGconn *conn;

static bool say(const char *sql)
{
    if (db)
        return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
    PGresult *result = PQexec(conn, sql);
    bool good =
        PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    PQclear(result);
    return good;
}

static bool join(const char *url)
{
    if (db || conn)
        return true;
    if (strncmp(url, "sqlite:", 7) == 0)
        return sqlite3_open(url + 7, &db) == SQLITE_OK &&
               sqlite3_busy_timeout(db, 20000) == SQLITE_OK;
    conn = PQconnectdb(url);
    return PQstatus(conn) == CONNECTION_OK;
}

/* By a handle of its own, whose connection is not that of the transaction. */
static int complete_by_own(plain_job *job, const char *url, plain_error *err)
{
    plain_jobs *own;
    int r = plain_jobs_open(url, &own, err);

    if (r < 0)
        return r;
    r = plain_job_complete_in(job, own, err);
    plain_jobs_close(own);
    return r;
}

static int complete(plain_job *job, const struct effect *self, plain_error *err)
{
    if (strcmp(self->how, "own") == 0)
        return complete_by_own(job, self->url, err);
    return db ? plain_job_complete_in_sqlite(job, db, err)
              : plain_job_complete_in_postgres(job, conn, NULL, err);
}

static void wait_ms(int64_t ms)
{
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

    (void)nanosleep(&t, NULL);
}

static int effect_run(plain_job *job, const void *params)
{
    const struct effect *self = params;
    char root[PLAIN_UUID_TEXT], sql[256];
    plain_error err;

    (void)puts("paying");
    if (strcmp(self->how, "superseded") == 0) { /* somebody deletes the row meanwhile */
        if (access("ready", F_OK) != 0)
            (void)fclose(fopen("ready", "w"));
        while (access("go", F_OK) != 0)
            wait_ms(10);
    }
    if (!join(self->url) || !say(db ? "BEGIN IMMEDIATE" : "BEGIN"))
        return plain_job_fail(job, "Begin", "cannot begin");
    (void)snprintf(sql, sizeof(sql), "INSERT INTO effects (job, note) VALUES ('%s', %d)",
                   plain_uuid_format(plain_job_root_uuid(job), root), plain_job_attempt(job));
    if (!say(sql)) {
        (void)say("ROLLBACK");
        return plain_job_fail(job, "Insert", "cannot insert");
    }
    if (complete(job, self, &err) < 0) {
        (void)say("ROLLBACK");
        return plain_job_fail(job, "Complete", "PJ%d %d %s", err.pj, err.transaction_aborted,
                              err.message);
    }
    wait_ms(self->ms);
    if (strcmp(self->how, "leave") == 0) /* the transaction stays open */
        return PLAIN_OK;
    bool rolled_back = strcmp(self->how, "rollback") == 0;
    if (!say(rolled_back ? "ROLLBACK" : "COMMIT"))
        return plain_job_fail(job, "Commit", "cannot commit");
    if (rolled_back && plain_job_attempt(job) == 1)
        return plain_job_fail(job, "RolledBack", "as it was told");
    if (strcmp(self->how, "fail") == 0)
        return plain_job_fail(job, "Late", "after the commit");
    if (strcmp(self->how, "crash") == 0)
        _exit(9);
    wait_ms(strcmp(self->how, "linger") == 0 ? 2000 : 0);
    return PLAIN_OK;
}

static const plain_param effect_params[] = {
    PLAIN_PARAM(struct effect, url, 0), PLAIN_PARAM_DEFAULT(struct effect, how, "\"\""),
    PLAIN_PARAM_DEFAULT(struct effect, ms, "0"), PLAIN_PARAMS_END};

static const plain_job_class EffectJob = {
    PLAIN_JOB_CLASS(struct effect),
    .name = "EffectJob",
    .params = effect_params,
    .run = effect_run,
};

PLAIN_REGISTER_JOBS(&EffectJob);
