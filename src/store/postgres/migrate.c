/*
 * migrate.c - from an empty schema to the newest version
 *
 * Each step is one transaction: BEGIN and the lock, then a look at the version, which another
 * program may have raised while we waited, then the step, then COMMIT. Whatever fails closes the
 * connection, so that the server undoes the step. A step records its version itself.
 */
#include "base/buf.h"
#include "base/error.h"
#include "store/migration.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

enum { STEP_MAX = 4 * 1024 * 1024 };

/* One statement without parameters; its first value through read, when there is one. */
static int ask(struct session *s, enum sql_name name, field_reader *read, void *out,
               plain_error *err)
{
    PGresult *result = NULL;

    session_send(s, name);
    int r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK && read)
        field_read(result, 0, 0, read, NULL, out);
    session_clear(&result, 1);
    return r;
}

/* Two questions, since a statement that names a missing table cannot even be prepared. */
static int read_version(struct session *s, int *version, plain_error *err)
{
    bool exists = false;
    int r = ask(s, SQL_HAS_SCHEMA, field_bool, &exists, err);

    *version = 0;
    if (r == PLAIN_OK && exists)
        r = ask(s, SQL_SCHEMA_VERSION, field_int, version, err);
    return r;
}

int postgres_schema_version(struct store *store, int *version, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    int r = session_begin(s, "read the schema's version", err);

    return r < 0 ? r : read_version(s, version, err);
}

int postgres_newest_version(void)
{
    return migrations_postgres[migrations_postgres_count - 1].version;
}

static int refuse_newer(int version, plain_error *err)
{
    return error_set(err, PLAIN_E_SCHEMA, 302, "",
                     "the schema has version %d, this program knows %d: install the newer program",
                     version, postgres_newest_version());
}

static int run_step(struct session *s, const struct migration *step, plain_error *err)
{
    struct buf sql = BUF_INIT(STEP_MAX);

    session_put_sql(s, &sql, step->sql);
    int r = buf_ok(&sql) ? session_script(s, sql.data, err) : error_nomem(err);
    buf_release(&sql);
    return r;
}

/* Runs the step behind *to; or, when another program made it while we waited for the lock, only
 * tells so: *from rises with *to as long as we did nothing. */
static int step_up(struct session *s, int *from, int *to, plain_error *err)
{
    int version;
    int r = read_version(s, &version, err);

    if (r < 0)
        return r;
    if (version > postgres_newest_version())
        return refuse_newer(version, err);
    if (version == *to) {
        r = run_step(s, &migrations_postgres[version], err);
        *to += r == PLAIN_OK ? 1 : 0;
        return r;
    }
    if (*from == *to)
        *from = version;
    *to = version;
    return PLAIN_OK;
}

static int migrate_once(struct session *s, int *from, int *to, plain_error *err)
{
    int r = session_begin(s, "migrate the schema", err);

    if (r < 0)
        return r;
    r = ask(s, SQL_BEGIN_WRITE, NULL, NULL, err);
    if (r == PLAIN_OK)
        r = ask(s, SQL_LOCK_MIGRATIONS, NULL, NULL, err);
    if (r == PLAIN_OK)
        r = step_up(s, from, to, err);
    if (r == PLAIN_OK)
        r = ask(s, SQL_COMMIT, NULL, NULL, err);
    if (r < 0)
        session_drop(s);
    return r;
}

int postgres_migrate(struct store *store, int *from, int *to, plain_error *err)
{
    int r = postgres_schema_version(store, from, err);

    if (r == PLAIN_OK && *from > postgres_newest_version())
        r = refuse_newer(*from, err);
    *to = *from;
    while (r == PLAIN_OK && *to < postgres_newest_version())
        r = migrate_once(&postgres_of(store)->session, from, to, err);
    return r;
}

int postgres_migration_sql(struct store *store, size_t i, struct arena *a, int *version,
                           const char **name, const char **sql, plain_error *err)
{
    struct buf text = BUF_INIT(STEP_MAX);

    if (i >= migrations_postgres_count)
        return PLAIN_NONE;
    session_put_sql(&postgres_of(store)->session, &text, migrations_postgres[i].sql);
    *version = migrations_postgres[i].version;
    *name = migrations_postgres[i].name;
    *sql = buf_ok(&text) ? arena_strdup(a, text.data) : NULL;
    buf_release(&text);
    return *sql ? PLAIN_OK : error_nomem(err);
}
