#include "store/store.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text.h"

const char *const job_status_names[JOB_STATUS_COUNT] = {
    [JOB_SUCCESSFUL] = "SUCCESSFUL", [JOB_ERRORED] = "ERRORED", [JOB_CANCELLED] = "CANCELLED",
    [JOB_DEFERRED] = "DEFERRED",     [JOB_LOST] = "LOST",
};

static const struct store_ops *const stores[] = {
    &store_sqlite,
#ifdef PLAIN_HAVE_POSTGRES
    &store_postgres,
#endif
};

#ifdef PLAIN_HAVE_POSTGRES
#define URLS_OF_THIS_PROGRAM "sqlite:PATH or postgresql://USER@HOST/NAME"
#else
#define URLS_OF_THIS_PROGRAM "sqlite:PATH (PostgreSQL was left out when it was built)"
#endif

enum { SCHEME_MAX = 32 };

bool job_status_parse(const char *name, enum job_status *out)
{
    for (int i = 0; i < JOB_STATUS_COUNT; i++) {
        if (text_equal_nocase(name, job_status_names[i])) {
            *out = (enum job_status)i;
            return true;
        }
    }
    return false;
}

static bool has_scheme(const struct store_ops *ops, const char *scheme)
{
    for (const char *const *s = ops->schemes; *s; s++) {
        if (text_equal_nocase(*s, scheme))
            return true;
    }
    return false;
}

/* The text before the colon; false when there is none that could be a scheme. The rest of a URL is
 * never shown: it may hold a password. */
static bool scheme_of(const char *url, char scheme[SCHEME_MAX])
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789+.-";
    size_t length = strspn(url, allowed);

    if (length == 0 || length >= SCHEME_MAX || url[length] != ':')
        return false;
    memcpy(scheme, url, length);
    scheme[length] = '\0';
    return true;
}

const struct store_ops *store_for_url(const char *url, plain_error *err)
{
    char scheme[SCHEME_MAX];

    if (!scheme_of(url, scheme)) {
        (void)error_set(err, PLAIN_E_INVALID, 307, "url",
                        "the database URL does not begin with the kind of database: give %s",
                        URLS_OF_THIS_PROGRAM);
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
        if (has_scheme(stores[i], scheme))
            return stores[i];
    }
    (void)error_set(err, PLAIN_E_INVALID, 306, "url",
                    "this program has no database of the kind '%s': give %s", scheme,
                    URLS_OF_THIS_PROGRAM);
    return NULL;
}

int store_open(const char *url, unsigned flags, struct store **out, plain_error *err)
{
    const struct store_ops *ops = store_for_url(url, err);

    *out = NULL;
    return ops ? ops->open(url, flags, out, err) : PLAIN_E_INVALID;
}

void store_close(struct store *s)
{
    if (s)
        s->ops->close(s);
}

int store_check_schema(struct store *s, plain_error *err)
{
    int newest = s->ops->newest_version();
    int version;
    int r = s->ops->schema_version(s, &version, err);

    if (r != PLAIN_OK || version == newest)
        return r;
    if (version == 0)
        r = error_set(err, PLAIN_E_SCHEMA, 302, "",
                      "the database has no tables of plain-jobs (this program's schema is "
                      "version %d)",
                      newest);
    else
        r = error_set(err, PLAIN_E_SCHEMA, 302, "",
                      "the database's schema is version %d, this program's is %d", version, newest);
    if (version < newest)
        error_fix(err, "run `plain migrate`");
    else
        error_fix(err, "install the program that made the schema, or a newer one");
    return r;
}

/* The end of user:password in a URL's authority, NULL when it has none. A password may hold any
 * character that somebody forgot to escape: rather too much is hidden than too little. */
static const char *end_of_login(const char *authority)
{
    size_t to_slash = strcspn(authority, "/");
    size_t to_query = strcspn(authority, "?");
    const char *end = NULL;

    for (const char *p = authority; *p && p < authority + to_slash; p++) {
        if (*p == '@')
            end = p;
    }
    for (const char *p = authority; !end && *p && p < authority + to_query; p++) {
        if (*p == '@')
            end = p;
    }
    return end;
}

static const char *put_authority(struct buf *b, const char *authority)
{
    const char *end = end_of_login(authority);
    const char *colon = end ? memchr(authority, ':', (size_t)(end - authority)) : NULL;

    if (!colon)
        return authority;
    buf_put(b, authority, (size_t)(colon - authority));
    buf_puts(b, ":***");
    return end;
}

/* Values of options that are called ...password, as libpq has two of them. */
static void put_options(struct buf *b, const char *options)
{
    static const char secret[] = "password=";
    const char *hit;

    while ((hit = strstr(options, secret))) {
        const char *value = hit + sizeof(secret) - 1;

        buf_put(b, options, (size_t)(value - options));
        buf_puts(b, "***");
        options = value + strcspn(value, "&");
    }
    buf_puts(b, options);
}

const char *store_url_shown(struct arena *a, const char *url)
{
    struct buf b = BUF_INIT(strlen(url) * 2 + 64);
    const char *authority = strstr(url, "://");

    if (authority) {
        authority += 3;
        buf_put(&b, url, (size_t)(authority - url));
        url = put_authority(&b, authority);
    }
    put_options(&b, url);
    const char *shown = buf_ok(&b) ? arena_strdup(a, b.data) : NULL;
    buf_release(&b);
    return shown;
}
