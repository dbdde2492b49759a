/* postgres_audit_test.c - what operators change on PostgreSQL */
#include <libpq-fe.h>

#include <plain/jobs/operators.h>
#include <plain/jobs/postgres.h>

#include "base/uuid.h"
#include "tests/store/cluster.h"
#include "tests/store/conformance_audit.h"

static void run(void *connection, const char *sql)
{
    cluster_run(connection, sql);
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
    PGconn *conn = PQconnectdb(b.url);
    assert_int_equal(PQstatus(conn), CONNECTION_OK);
    assert_int_equal(plain_jobs_adopt_postgres(conn, NULL, &jobs, &b.err), PLAIN_OK);
    audit_delete_adopted(&b, &r.uuid, jobs, run, conn);
    PQfinish(conn);
    bench_close(&b);
}

/* The function says what it did, and takes a NULL for nobody. */
static void jobs_are_deleted_in_sql(void **state)
{
    struct new_request r = request_default();
    struct bench b;
    char sql[200], uuid[PLAIN_UUID_TEXT];

    (void)state;
    bench_open(&b);
    (void)bench_enqueue(&b, &r);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT (plain_jobs_delete('%s', NULL) IS NOT DISTINCT FROM 'deleted')::int",
                   plain_uuid_format(&r.uuid, uuid));
    assert_int_equal(bench_number(&b, sql), 1);
    assert_int_equal(bench_number(&b, sql), 0);
    assert_int_equal(bench_number(&b, "SELECT count(*) FROM plainjobs_audit WHERE actor = ''"), 1);
    bench_close(&b);
}

AUDIT_MAIN(&cluster_database, an_adopted_deletion_is_the_applications, jobs_are_deleted_in_sql)
