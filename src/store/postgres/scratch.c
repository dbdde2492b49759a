/*
 * scratch.c - a schema to try something in, and what figures depend on
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

int postgres_scratch_url(const char *url, const char *name, struct arena *a, const char **out,
                         plain_error *err)
{
    return pgurl_with_schema(url, name, a, out, err);
}

static int refuse_other(plain_error *err)
{
    return error_set(err, PLAIN_E_REFUSED, 309, "url",
                     "the URL names no schema that begins with " STORE_SCRATCH
                     ": nothing was deleted");
}

/* lock_migrations lets it wait longer for others than other statements do: an autovacuum that is in
 * the way gives in after a second. */
static int drop(struct session *s, plain_error *err)
{
    enum { LOCK, DROP, COUNT };
    PGresult *results[COUNT] = {NULL};
    int r = session_begin(s, "delete the schema", err);

    if (r < 0)
        return r;
    session_send(s, SQL_LOCK_MIGRATIONS);
    session_send(s, SQL_DROP_SCRATCH);
    r = session_sync(s, results, COUNT, err);
    session_clear(results, COUNT);
    return r;
}

int postgres_scratch_discard(const char *url, plain_error *err)
{
    struct session s;
    int r = session_open(&s, url, 0, err);

    if (r < 0)
        return r;
    r = text_starts_with(s.url.schema, STORE_SCRATCH) ? drop(&s, err) : refuse_other(err);
    session_release(&s);
    return r;
}

static int read_facts(const PGresult *result, struct arena *a, struct store_fact **facts,
                      size_t *count, plain_error *err)
{
    static const struct field fields[] = {{field_text, offsetof(struct store_fact, name)},
                                          {field_text, offsetof(struct store_fact, value)}};
    size_t n = (size_t)libpq.PQntuples(result);
    struct store_fact *found = arena_array(a, n + 1, sizeof(*found));

    for (size_t i = 0; found && i < n; i++)
        fields_read(result, (int)i, fields, ARRAY_SIZE(fields), a, &found[i]);
    if (found && n > 0) {
        found[0].name = "server";
        found[0].value = arena_printf(a, "PostgreSQL %s", found[0].value);
    }
    if (!arena_ok(a))
        return error_nomem(err);
    *facts = found;
    *count = n;
    return PLAIN_OK;
}

int postgres_facts(struct store *store, struct arena *a, struct store_fact **facts, size_t *count,
                   plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGresult *results[1] = {NULL};
    int r = session_begin(s, "read the server's settings", err);

    *count = 0;
    if (r < 0)
        return r;
    session_send(s, SQL_FACTS);
    r = session_sync(s, results, 1, err);
    if (r == PLAIN_OK)
        r = read_facts(results[0], a, facts, count, err);
    session_clear(results, 1);
    return r;
}
