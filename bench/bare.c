/*
 * bare.c - what PostgreSQL alone takes from a job's insert to its claim
 *
 *     bare URL COUNT             prints one line: p50, p90, p99 and the longest, in milliseconds
 *
 * One connection inserts a row and notifies, in one transaction. Another one listens, and when it
 * hears of it moves the first rows in the order of priority and time to a second table, in a
 * transaction of its own: the least that a queue with priorities and a history has to do. Both
 * commits are flushed as the server is set. The time is from before the insert until the claim is
 * committed; then the rows move to a third table. Works in the schema plainjobs_bare, and drops it.
 */
#define _GNU_SOURCE
#include <libpq-fe.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MAX = 100000, PAUSE_US = 5000, WARM_UP = 10, PATIENCE_MS = 30000 };

struct listener {
    PGconn *conn;
    int count;
    int told[2]; /* a pipe: the claimer's time of each job */
    pthread_t thread;
};

static int64_t now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void run(PGconn *conn, PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        (void)fprintf(stderr, "bare: %s", PQerrorMessage(conn));
        exit(1);
    }
    PQclear(result);
}

static const char schema[] =
    "SET client_min_messages = warning;"
    "DROP SCHEMA IF EXISTS plainjobs_bare CASCADE;"
    "CREATE SCHEMA plainjobs_bare;"
    "CREATE TABLE plainjobs_bare.request (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " priority smallint NOT NULL DEFAULT 0, due_at timestamptz NOT NULL DEFAULT now(),"
    " payload text);"
    "CREATE INDEX ON plainjobs_bare.request (priority DESC, due_at, id);"
    "CREATE TABLE plainjobs_bare.process (id bigint PRIMARY KEY, priority smallint NOT NULL,"
    " due_at timestamptz NOT NULL, payload text, started_at timestamptz NOT NULL DEFAULT now());"
    "CREATE TABLE plainjobs_bare.result (LIKE plainjobs_bare.process INCLUDING ALL)";

static const struct {
    const char *name, *sql;
} statements[] = {
    {"insert", "WITH made AS (INSERT INTO plainjobs_bare.request (payload)"
               " VALUES ('{\"i\": 1, \"a\": \"0123456789\"}') RETURNING id)"
               " SELECT pg_notify('plainjobs_bare', '') FROM made"},
    {"claim", "WITH taken AS (DELETE FROM plainjobs_bare.request WHERE ctid = ANY (ARRAY("
              " SELECT ctid FROM plainjobs_bare.request WHERE due_at <= now()"
              " ORDER BY priority DESC, due_at, id LIMIT 10 FOR UPDATE SKIP LOCKED)) RETURNING *)"
              " INSERT INTO plainjobs_bare.process (id, priority, due_at, payload)"
              " SELECT * FROM taken RETURNING id, payload"},
    {"end", "WITH ended AS (DELETE FROM plainjobs_bare.process RETURNING *)"
            " INSERT INTO plainjobs_bare.result SELECT * FROM ended"},
};

static PGconn *connect_to(const char *url)
{
    PGconn *conn = PQconnectdb(url);

    if (PQstatus(conn) != CONNECTION_OK) {
        (void)fprintf(stderr, "bare: %s", PQerrorMessage(conn));
        exit(1);
    }
    return conn;
}

static void prepare(PGconn *conn)
{
    for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++)
        run(conn, PQprepare(conn, statements[i].name, statements[i].sql, 0, NULL));
}

static void execute(PGconn *conn, const char *name)
{
    run(conn, PQexecPrepared(conn, name, 0, NULL, NULL, NULL, 0));
}

static void await_notice(PGconn *conn)
{
    PGnotify *told;

    while (!(told = PQnotifies(conn))) {
        struct pollfd p = {.fd = PQsocket(conn), .events = POLLIN};

        if (poll(&p, 1, PATIENCE_MS) <= 0 || !PQconsumeInput(conn)) {
            (void)fprintf(stderr, "bare: nothing was heard\n");
            exit(1);
        }
    }
    PQfreemem(told);
}

static void *claim_all(void *user)
{
    struct listener *l = user;

    for (int i = 0; i < l->count; i++) {
        await_notice(l->conn);
        execute(l->conn, "claim");
        int64_t claimed = now_ns();
        if (write(l->told[1], &claimed, sizeof(claimed)) != sizeof(claimed))
            exit(1);
        execute(l->conn, "end");
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void measure(PGconn *producer, struct listener *l, int count)
{
    static double ms[MAX];

    for (int i = -WARM_UP; i < count; i++) {
        int64_t start = now_ns(), claimed;

        execute(producer, "insert");
        if (read(l->told[0], &claimed, sizeof(claimed)) != sizeof(claimed))
            exit(1);
        if (i >= 0)
            ms[i] = (double)(claimed - start) / 1e6;
        (void)usleep(PAUSE_US);
    }
    qsort(ms, (size_t)count, sizeof(*ms), compare);
    (void)printf("%d jobs: p50 %.2f ms, p90 %.2f ms, p99 %.2f ms, longest %.2f ms\n", count,
                 ms[count / 2], ms[count * 9 / 10], ms[count * 99 / 100], ms[count - 1]);
}

int main(int argc, char **argv)
{
    int count = argc == 3 ? atoi(argv[2]) : 0;

    if (count < 1 || count > MAX) {
        (void)fprintf(stderr, "usage: bare URL COUNT\n");
        return 2;
    }
    PGconn *producer = connect_to(argv[1]);
    struct listener l = {.conn = connect_to(argv[1]), .count = count + WARM_UP};
    run(producer, PQexec(producer, schema));
    prepare(producer);
    prepare(l.conn);
    run(l.conn, PQexec(l.conn, "LISTEN plainjobs_bare"));
    if (pipe(l.told) != 0 || pthread_create(&l.thread, NULL, claim_all, &l) != 0)
        return 1;
    measure(producer, &l, count);
    (void)pthread_join(l.thread, NULL);
    PQfinish(l.conn);
    run(producer, PQexec(producer, "DROP SCHEMA plainjobs_bare CASCADE"));
    PQfinish(producer);
    return 0;
}
