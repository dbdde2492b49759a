/* adopt.c - handles on connections of the application */
#include <plain/jobs/postgres.h>
#include <plain/jobs/sqlite.h>

#include "base/error.h"
#include "queue/jobs.h"

static int adopt(const struct store_ops *ops, void *connection, const char *schema,
                 plain_jobs **out, plain_error *err)
{
    struct store *store = NULL;

    if (!out)
        return error_set(err, PLAIN_E_INVALID, 0, "out", "nowhere to put the handle: out is NULL");
    int r = ops->adopt(connection, schema, &store, err);
    if (r == PLAIN_OK)
        r = store_check_schema(store, err);
    if (r == PLAIN_OK)
        r = jobs_open_around(store, out, err);
    if (r < 0)
        store_close(store);
    return r;
}

int plain_jobs_adopt_sqlite(struct sqlite3 *connection, plain_jobs **out, plain_error *err)
{
    return adopt(&store_sqlite, connection, NULL, out, err);
}

int plain_jobs_adopt_postgres(struct pg_conn *connection, const char *schema, plain_jobs **out,
                              plain_error *err)
{
#ifdef PLAIN_HAVE_POSTGRES
    return adopt(&store_postgres, connection, schema, out, err);
#else
    (void)connection;
    (void)schema;
    (void)out;
    return error_set(err, PLAIN_E_INVALID, 306, "connection",
                     "PostgreSQL was left out when this library was built");
#endif
}
