/* sqlite_audit_test.c - what operators change on SQLite */
#include <plain/jobs/operators.h>
#include <plain/jobs/sqlite.h>

#include "base/uuid.h"
#include "tests/store/conformance_audit.h"
#include "tests/store/sqlite_database.h"

static void run(void *connection, const char *sql)
{
    (void)sqlite_database_run(connection, sql);
}

/* In a transaction of the application's: with its row of the audit, or not at all. */
static void an_adopted_deletion_is_the_applications(void **state)
{
    struct new_request r = request_default();
    plain_jobs *jobs = NULL;
    struct bench b;

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    sqlite3 *db = sqlite_database_connect(b.url);
    assert_int_equal(plain_jobs_adopt_sqlite(db, &jobs, &b.err), PLAIN_OK);
    audit_delete_adopted(&b, &r.uuid, jobs, run, db);
    (void)sqlite3_close(db);
    bench_close(&b);
}

AUDIT_MAIN(&sqlite_database, an_adopted_deletion_is_the_applications)
