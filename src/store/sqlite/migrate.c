#include "store/sqlite/sqlite.h"

#include "base/error.h"
#include "store/migration.h"
#include "store/sqlite/failure.h"

static int read_number(struct connection *conn, enum sql_name name, int *n, plain_error *err)
{
    struct query q = query_begin(conn, name);

    *n = query_row(&q) ? column_small(&q, 0) : 0;
    return query_end(&q, err);
}

static int read_version(struct connection *conn, int *version, plain_error *err)
{
    int has_schema;
    int r = read_number(conn, SQL_HAS_SCHEMA, &has_schema, err);

    *version = 0;
    if (r != PLAIN_OK || !has_schema)
        return r;
    return read_number(conn, SQL_SCHEMA_VERSION, version, err);
}

int sqlite_schema_version(struct store *store, int *version, plain_error *err)
{
    struct connection *conn = connection_of(store);
    int r = connection_begin(conn, SQL_BEGIN_READ, "reading the schema of", err);

    if (r == PLAIN_OK)
        r = connection_end(conn, read_version(conn, version, err), err);
    return r;
}

int sqlite_newest_version(void)
{
    return migrations_sqlite[migrations_sqlite_count - 1].version;
}

/* The file notes its own version in plainjobs_migration. */
static int apply(struct connection *conn, const struct migration *m, plain_error *err)
{
    int rc = sqlite3_exec(conn->db, m->sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? PLAIN_OK : failure_set(conn->db, rc, conn->path, conn->doing, err);
}

/* One step under the write lock, so that what is there is judged by one process at a time. */
static int step(struct connection *conn, const struct migration *m, int *found, plain_error *err)
{
    int r = connection_begin(conn, SQL_BEGIN_WRITE, "migrating", err);

    if (r != PLAIN_OK)
        return r;
    r = read_version(conn, found, err);
    if (r == PLAIN_OK && *found > sqlite_newest_version()) {
        r = error_set(err, PLAIN_E_SCHEMA, 302, "",
                      "the schema of %s has version %d, newer than this program's %d", conn->path,
                      *found, sqlite_newest_version());
        error_fix(err, "install the program that made it, or a newer one");
    }
    if (r == PLAIN_OK && *found < m->version)
        r = apply(conn, m, err);
    return connection_end(conn, r, err);
}

int sqlite_migrate(struct store *store, int *from, int *to, plain_error *err)
{
    struct connection *conn = connection_of(store);

    for (size_t i = 0; i < migrations_sqlite_count; i++) {
        int found;
        int r = step(conn, &migrations_sqlite[i], &found, err);

        if (r != PLAIN_OK)
            return r;
        if (i == 0)
            *from = found;
    }
    *to = sqlite_newest_version();
    return PLAIN_OK;
}

int sqlite_migration_sql(struct store *store, size_t i, struct arena *a, int *version,
                         const char **name, const char **sql, plain_error *err)
{
    (void)store;
    (void)a;
    (void)err;
    if (i >= migrations_sqlite_count)
        return PLAIN_NONE;
    *version = migrations_sqlite[i].version;
    *name = migrations_sqlite[i].name;
    *sql = migrations_sqlite[i].sql;
    return PLAIN_OK;
}
