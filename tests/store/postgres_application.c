#include "tests/store/postgres_application.h"

#include <plain/jobs/postgres.h>

#include "base/text.h"
#include "tests/store/cluster.h"

static void drop_notice(void *user, const char *message)
{
    (void)user;
    (void)message;
}

static void *connect_app(const char *url)
{
    PGconn *conn = PQconnectdb(url);

    if (PQstatus(conn) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(conn));
    (void)PQsetNoticeProcessor(conn, drop_notice, NULL);
    return conn;
}

static void disconnect_app(void *connection)
{
    PQfinish(connection);
}

bool postgres_application_try(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    PQclear(result);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

static void run_app(void *connection, const char *sql)
{
    if (!postgres_application_try(connection, sql))
        fail_msg("%s: %s", sql, PQerrorMessage(connection));
}

const char *postgres_application_ask(PGconn *conn, const char *sql)
{
    static _Thread_local char value[512];
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    (void)text_copy(value, sizeof(value), PQntuples(result) ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    return value;
}

static int adopt_app(void *connection, plain_jobs **out, plain_error *err)
{
    return plain_jobs_adopt_postgres(connection, NULL, out, err);
}

static bool try_app(void *connection, const char *sql)
{
    return postgres_application_try(connection, sql);
}

static const char *const begins[] = {"BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ",
                                     "BEGIN ISOLATION LEVEL SERIALIZABLE", NULL};

#define INSERT_K                                                                                   \
    "INSERT INTO plainjobs_jobrequest (job_class, parameters, concurrency_key)"                    \
    " VALUES ('Job', '{\"args\": [], \"kwargs\": {}}', 'k')"
static const char *const changes[] = {
    INSERT_K,
    INSERT_K " ON CONFLICT DO NOTHING",
    "SELECT plain_jobs_enqueue('Job', concurrency_key => 'k')",
    "UPDATE plainjobs_jobrequest SET concurrency_key = 'k' WHERE concurrency_key = 'l'",
    "UPDATE plainjobs_jobrequest SET concurrency_key = 'l' WHERE concurrency_key = 'k'",
    "UPDATE plainjobs_jobrequest SET uuid = gen_random_uuid()",
    "DELETE FROM plainjobs_jobrequest",
    "TRUNCATE plainjobs_jobrequest",
    NULL,
};

const struct application postgres_application = {
    .database = &cluster_database,
    .connect = connect_app,
    .disconnect = disconnect_app,
    .run = run_app,
    .adopt = adopt_app,
    .begin = "BEGIN",
    .try_run = try_app,
    .begins = begins,
    .changes = changes,
};
