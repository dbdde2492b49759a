/*
 * shop_sqlite.c - an order and its receipt: both, or neither (SQLite)
 *
 *     shop_sqlite FILE ORDER [cancel]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <plain/jobs/sqlite.h>
#include <sqlite3.h>

#include "app/receipt.h"

static int run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return PLAIN_OK;
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    return PLAIN_E_DB;
}

/* In the transaction that is open. */
static int enqueue_receipt(sqlite3 *db, int64_t order_id)
{
    plain_jobs *jobs;
    plain_error err;
    int r = plain_jobs_adopt_sqlite(db, &jobs, &err);

    if (r == PLAIN_OK) {
        r = ReceiptJob_run_in_worker(jobs, &(struct receipt){.order_id = order_id}, NULL, NULL,
                                     &err);
        plain_jobs_close(jobs); /* the connection stays open */
    }
    if (r < 0)
        fprintf(stderr, "error[PJ%d]: %s\n  %s\n", err.pj, err.message, err.fix);
    return r;
}

static int place_order(sqlite3 *db, int64_t order_id, int is_cancelled)
{
    char sql[64];
    int r = run(db, "BEGIN IMMEDIATE");

    if (r < 0)
        return r;
    (void)snprintf(sql, sizeof(sql), "INSERT INTO orders VALUES (%lld)", (long long)order_id);
    r = run(db, sql);
    if (r == PLAIN_OK)
        r = enqueue_receipt(db, order_id);
    if (r < 0 || is_cancelled) {
        (void)run(db, "ROLLBACK");
        printf("order %lld was not placed\n", (long long)order_id);
        return r;
    }
    r = run(db, "COMMIT");
    if (r == PLAIN_OK)
        printf("order %lld was placed\n", (long long)order_id);
    return r;
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    int r = PLAIN_E_DB;

    if (argc < 3) {
        fprintf(stderr, "usage: shop_sqlite FILE ORDER [cancel]\n");
        return 2;
    }
    if (sqlite3_open(argv[1], &db) == SQLITE_OK) {
        (void)sqlite3_busy_timeout(db, 5000);
        r = run(db, "CREATE TABLE IF NOT EXISTS orders (id INTEGER PRIMARY KEY)");
        if (r == PLAIN_OK)
            r = place_order(db, strtoll(argv[2], NULL, 10), argc > 3);
    }
    (void)sqlite3_close(db);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
