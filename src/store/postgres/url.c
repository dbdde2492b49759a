#include "store/postgres/url.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"
#include "store/postgres/libpq.h"
#include "store/store.h"

enum { URL_MAX = 8192, TIMEOUT_MAX_S = 30 };

/* What the URL may override. A server that is silent is noticed in seconds, not in the quarter of
 * an hour that TCP grants. */
static const struct url_default {
    const char *keyword, *value;
    bool writing; /* only for a store that is to be written to */
} defaults[] = {
    {"connect_timeout", "5", false},
    {"keepalives", "1", false},
    {"keepalives_idle", "10", false},
    {"keepalives_interval", "5", false},
    {"keepalives_count", "3", false},
    {"tcp_user_timeout", "15000", false},
    {"fallback_application_name", "plain-jobs", false},
    {"client_encoding", "UTF8", false},
    /* After a failover: not the old primary, which is read-only now. */
    {"target_session_attrs", "read-write", true},
};

bool pgurl_is_schema_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return length > 0 && length <= SCHEMA_NAME_MAX && name[length] == '\0' &&
           !isdigit((unsigned char)name[0]);
}

static int take_schema(struct pgurl *u, const char *value, size_t length, plain_error *err)
{
    char name[SCHEMA_NAME_MAX + 2] = "";

    if (length < sizeof(name))
        memcpy(name, value, length);
    if (!pgurl_is_schema_name(name))
        return error_set(err, PLAIN_E_INVALID, 307, "schema",
                         "the schema in the database URL must be a-z, 0-9 and _, not begin with a "
                         "digit and have at most %d characters",
                         (int)SCHEMA_NAME_MAX);
    if (u->schema[0])
        return error_set(err, PLAIN_E_INVALID, 307, "schema",
                         "the database URL names a schema twice");
    (void)text_copy(u->schema, sizeof(u->schema), name);
    return PLAIN_OK;
}

/* Copies the URL without schema=..., which libpq would refuse. */
static int strip_schema(struct pgurl *u, const char *url, struct buf *out, plain_error *err)
{
    static const char own[] = "schema=";
    size_t head = strcspn(url, "?");
    const char *p = url + head;
    char separator = '?';
    int r = PLAIN_OK;

    buf_put(out, url, head);
    while (*p && r == PLAIN_OK) {
        p++;
        size_t length = strcspn(p, "&");
        if (text_starts_with(p, own)) {
            r = take_schema(u, p + strlen(own), length - strlen(own), err);
        } else if (length > 0) {
            buf_putc(out, separator);
            buf_put(out, p, length);
            separator = '&';
        }
        p += length;
    }
    return r;
}

static int too_long(plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 307, "", "the database URL is longer than %d bytes",
                     (int)URL_MAX);
}

/* libpq quotes the piece of the URL that it stumbled over, which may be of a password: only the
 * name of an unknown option is shown. */
static int refuse(const char *reason, plain_error *err)
{
    size_t length = strcspn(reason, "\"\n");

    if (text_starts_with(reason, "invalid URI query parameter: "))
        length = strcspn(reason, "\n");
    while (length > 0 && strchr(": ", reason[length - 1]))
        length--;
    return error_set(err, PLAIN_E_INVALID, 307, "", "the database URL cannot be read: %.*s",
                     (int)length, reason);
}

static void add(struct pgurl *u, size_t *n, const char *keyword, const char *value)
{
    if (*n < PGURL_KEYWORDS_MAX - 1) {
        u->keywords[*n] = keyword;
        u->values[*n] = value;
        (*n)++;
    }
}

static void add_defaults(struct pgurl *u, size_t n, unsigned flags)
{
    for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
        if (defaults[i].writing && (flags & STORE_READ_ONLY))
            continue;
        if (!pgurl_value(u, defaults[i].keyword))
            add(u, &n, defaults[i].keyword, defaults[i].value);
    }
}

const char *pgurl_value(const struct pgurl *u, const char *keyword)
{
    for (size_t i = 0; u->keywords[i]; i++) {
        if (strcmp(u->keywords[i], keyword) == 0)
            return u->values[i];
    }
    return NULL;
}

/* Zero would wait for ever. */
static int check_timeout(const struct pgurl *u, plain_error *err)
{
    int64_t seconds;

    if (text_parse_int64(pgurl_value(u, "connect_timeout"), 1, TIMEOUT_MAX_S, &seconds))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, 307, "connect_timeout",
                     "connect_timeout in the database URL must be 1 to %d seconds",
                     (int)TIMEOUT_MAX_S);
}

int pgurl_with_schema(const char *url, const char *schema, struct arena *a, const char **out,
                      plain_error *err)
{
    struct buf own = BUF_INIT(URL_MAX);
    struct pgurl u = {0};
    int r = strip_schema(&u, url, &own, err);

    if (r == PLAIN_OK && !buf_ok(&own))
        r = too_long(err);
    if (r == PLAIN_OK) {
        char sign = strchr(own.data, '?') ? '&' : '?';

        *out = arena_printf(a, "%s%cschema=%s", own.data, sign, schema);
        r = *out ? PLAIN_OK : error_nomem(err);
    }
    buf_release(&own);
    return r;
}

/* libpq takes it in lower case only, and what lacks the "//" for a list of keywords. */
static int lower_scheme(char *url, plain_error *err)
{
    char *p = url;

    for (; *p && *p != ':'; p++)
        *p = text_lower(*p);
    if (text_starts_with(p, "://"))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, 307, "",
                     "the database URL does not begin with postgresql://");
}

int pgurl_parse(struct pgurl *u, const char *url, unsigned flags, struct arena *a, plain_error *err)
{
    struct buf own = BUF_INIT(URL_MAX);
    char *reason = NULL;
    PQconninfoOption *options = NULL;
    size_t n = 0;

    *u = (struct pgurl){0};
    int r = strip_schema(u, url, &own, err);
    if (r == PLAIN_OK && !buf_ok(&own))
        r = too_long(err);
    if (r == PLAIN_OK)
        r = lower_scheme(own.data, err);
    if (r < 0)
        goto out;
    options = libpq.PQconninfoParse(own.data, &reason);
    if (!options) {
        r = reason ? refuse(reason, err) : error_nomem(err);
        goto out;
    }
    for (const PQconninfoOption *o = options; o->keyword; o++) {
        if (o->val)
            add(u, &n, arena_strdup(a, o->keyword), arena_strdup(a, o->val));
    }
    if (!arena_ok(a)) {
        r = error_nomem(err);
        goto out;
    }
    add_defaults(u, n, flags);
    r = check_timeout(u, err);
out:
    libpq.PQconninfoFree(options);
    libpq.PQfreemem(reason);
    buf_release(&own);
    return r;
}
