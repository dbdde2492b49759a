/*
 * shop_postgres.c - an order and its receipt: both, or neither (PostgreSQL)
 *
 *     shop_postgres URL ORDER [cancel]
 */
#include <stdio.h>
#include <stdlib.h>

#include <libpq-fe.h>
#include <plain/jobs/postgres.h>

#include "app/receipt.h"

static int run(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    int r = PQresultStatus(result) == PGRES_COMMAND_OK ? PLAIN_OK : PLAIN_E_DB;

    if (r < 0)
        fprintf(stderr, "%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
    return r;
}

/* In the transaction that is open. */
static int enqueue_receipt(PGconn *conn, int64_t order_id)
{
    plain_jobs *jobs;
    plain_error err;
    int r = plain_jobs_adopt_postgres(conn, NULL, &jobs, &err);

    if (r == PLAIN_OK) {
        r = ReceiptJob_run_in_worker(jobs, &(struct receipt){.order_id = order_id}, NULL, NULL,
                                     &err);
        plain_jobs_close(jobs); /* the connection stays open */
    }
    if (r < 0)
        fprintf(stderr, "error[PJ%d]: %s\n  %s\n", err.pj, err.message, err.fix);
    return r;
}

static int place_order(PGconn *conn, int64_t order_id, int is_cancelled)
{
    char sql[64];
    int r = run(conn, "BEGIN");

    if (r < 0)
        return r;
    (void)snprintf(sql, sizeof(sql), "INSERT INTO orders VALUES (%lld)", (long long)order_id);
    r = run(conn, sql);
    if (r == PLAIN_OK)
        r = enqueue_receipt(conn, order_id);
    if (r < 0 || is_cancelled) {
        (void)run(conn, "ROLLBACK");
        printf("order %lld was not placed\n", (long long)order_id);
        return r;
    }
    r = run(conn, "COMMIT");
    if (r == PLAIN_OK)
        printf("order %lld was placed\n", (long long)order_id);
    return r;
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: shop_postgres URL ORDER [cancel]\n");
        return 2;
    }
    PGconn *conn = PQconnectdb(argv[1]);
    int r = run(conn, "SET client_min_messages = warning");
    if (r == PLAIN_OK)
        r = run(conn, "CREATE TABLE IF NOT EXISTS orders (id bigint PRIMARY KEY)");
    if (r == PLAIN_OK)
        r = place_order(conn, strtoll(argv[2], NULL, 10), argc > 3);
    PQfinish(conn);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
