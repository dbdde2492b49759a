/* statement.c - SQL text and values by which any other driver enqueues a job */
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "core/class.h"
#include "core/params.h"
#include "queue/request.h"
#include "queue/rule.h"

enum { VALUES_MAX = 11, SQL_MAX = 64 * 1024, SCHEMA_MAX = 4 * PLAIN_NAME_MAX };

struct statement {
    plain_statement shown; /* first: a plain_statement * is cast to this */
    const char *values[VALUES_MAX];
    struct arena arena;
};

/* The store whose scheme the dialect is. */
static const struct store_ops *find_dialect(const char *dialect, plain_error *err)
{
    char url[PLAIN_NAME_MAX + 1];

    if (!dialect || strlen(dialect) + 1 > PLAIN_NAME_MAX)
        dialect = "";
    (void)snprintf(url, sizeof(url), "%s:", dialect);
    const struct store_ops *ops = store_for_url(url, NULL);
    if (!ops)
        (void)error_set(err, PLAIN_E_INVALID, 306, "dialect",
                        "dialect is '%s': this library has 'sqlite'%s", dialect,
                        store_for_url("postgresql:", NULL) ? " and 'postgresql'" : " only");
    return ops;
}

/* Appends sql with every `from` replaced. */
static void replace(struct buf *out, const char *sql, const char *from, const char *to)
{
    for (const char *p = strstr(sql, from); p; p = strstr(sql, from)) {
        buf_put(out, sql, (size_t)(p - sql));
        buf_puts(out, to);
        sql = p + strlen(from);
    }
    buf_puts(out, sql);
}

/* Quoted, with the dot behind it; nothing for the search path. */
static int quote_schema(const char *schema, struct buf *out, plain_error *err)
{
    if (!schema)
        return PLAIN_OK;
    int r = class_check_text("schema", schema, false, err);
    if (r < 0)
        return r;
    buf_putc(out, '"');
    replace(out, schema, "\"", "\"\"");
    buf_puts(out, "\".");
    return buf_ok(out) ? PLAIN_OK : error_nomem(err);
}

/* The uuid stands in the text where its driver has no type for it: as a text and as bytes. */
static void put_uuid(struct buf *out, const char *sql, const plain_uuid *uuid)
{
    static const char zero_text[] = "00000000-0000-0000-0000-000000000000";
    static const char zero_bytes[] = "00000000000000000000000000000000";
    char text[PLAIN_UUID_TEXT];
    char bytes[sizeof(zero_bytes)] = "";
    size_t n = 0;
    struct buf half = BUF_INIT(SQL_MAX);

    (void)plain_uuid_format(uuid, text);
    for (const char *p = text; *p; p++) {
        if (*p != '-')
            bytes[n++] = *p;
    }
    replace(&half, sql, zero_text, text);
    replace(out, half.data, zero_bytes, bytes);
    if (!buf_ok(&half))
        out->broken = true;
    buf_release(&half);
}

static int put_sql(struct statement *s, const struct store_ops *ops, const char *schema,
                   const plain_uuid *uuid, plain_error *err)
{
    struct buf prefix = BUF_INIT(SCHEMA_MAX);
    struct buf sql = BUF_INIT(SQL_MAX);
    struct buf whole = BUF_INIT(SQL_MAX);
    int r = quote_schema(schema, &prefix, err);

    if (r == PLAIN_OK) {
        replace(&sql, ops->enqueue_sql(), "{schema}.", prefix.data);
        put_uuid(&whole, sql.data, uuid);
        s->shown.sql = buf_ok(&sql) && buf_ok(&whole) ? arena_strdup(&s->arena, whole.data) : NULL;
        r = s->shown.sql ? PLAIN_OK : error_nomem(err);
    }
    buf_release(&prefix);
    buf_release(&sql);
    buf_release(&whole);
    return r;
}

static const char *number(struct statement *s, bool is_given, int64_t n)
{
    return is_given ? arena_printf(&s->arena, "%" PRId64, n) : NULL;
}

static int put_values(struct statement *s, const struct store_ops *ops, const struct new_request *r,
                      plain_error *err)
{
    char uuid[PLAIN_UUID_TEXT];
    const char *const values[VALUES_MAX] = {
        arena_strdup(&s->arena, r->job_class),
        arena_strdup(&s->arena, r->parameters),
        arena_strdup(&s->arena, r->queue),
        number(s, true, r->priority),
        number(s, true, r->retries),
        arena_strdup(&s->arena, r->concurrency_key),
        arena_strdup(&s->arena, r->source),
        number(s, r->delay_us != 0, r->delay_us),
        number(s, r->start_at != STORE_NO_TIME, r->start_at),
        number(s, r->timeout_ms > 0, r->timeout_ms),
        arena_strdup(&s->arena, plain_uuid_format(&r->uuid, uuid)),
    };

    memcpy(s->values, values, sizeof(s->values));
    s->shown.values = s->values;
    s->shown.count = ops->sql_takes_uuid ? VALUES_MAX : VALUES_MAX - 1;
    return arena_ok(&s->arena) ? PLAIN_OK : error_nomem(err);
}

static int make(const struct store_ops *ops, const char *schema, const struct new_request *request,
                plain_statement **out, plain_error *err)
{
    struct statement *s = mem_zalloc(1, sizeof(*s));

    if (!s)
        return error_nomem(err);
    int r = put_sql(s, ops, schema, &request->uuid, err);
    if (r == PLAIN_OK)
        r = put_values(s, ops, request, err);
    if (r < 0)
        plain_statement_free(&s->shown);
    else
        *out = &s->shown;
    return r;
}

static int refuse_rule(const plain_job_class *cls, plain_error *err)
{
    bool has_rule;
    int r = rule_exists(cls, &has_rule, err);

    if (r < 0 || !has_rule)
        return r;
    (void)error_set(err, PLAIN_E_INVALID, 505, "should_enqueue",
                    "job class '%s' has a should_enqueue, which no statement can ask", cls->name);
    error_fix(err,
              "enqueue its jobs with plain_run_in_worker, on an adopted connection if need be");
    return PLAIN_E_INVALID;
}

int plain_enqueue_statement(const char *dialect, const char *schema, const plain_job_class *cls,
                            const void *params, const plain_options *options, plain_statement **out,
                            plain_error *err)
{
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    const struct store_ops *ops = find_dialect(dialect, err);
    struct enqueue_values values;

    if (!out)
        return error_set(err, PLAIN_E_INVALID, 0, "out", "nowhere to put the statement");
    if (!ops)
        return PLAIN_E_INVALID;
    int r = request_check_class(cls, err);
    if (r == PLAIN_OK)
        r = refuse_rule(cls, err);
    if (r == PLAIN_OK)
        r = params_encode(cls, params, &stored, err);
    if (r == PLAIN_OK)
        r = class_decide(cls, params, options, &values, err);
    if (r == PLAIN_OK) {
        struct new_request request = request_of(cls->name, stored.data, &values);
        r = make(ops, schema, &request, out, err);
    }
    buf_release(&stored);
    return r;
}

void plain_statement_free(plain_statement *statement)
{
    struct statement *s = (struct statement *)statement;

    if (!s)
        return;
    arena_release(&s->arena);
    mem_free(s);
}
