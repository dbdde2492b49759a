#include "core/dotenv.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"

struct reader {
    const char *path;
    const char *p; /* what comes next */
    unsigned line; /* that p is in, from 1 */
    struct arena *a;
};

static int refuse(const struct reader *r, const char *fault, plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 203, r->path, "%s:%u: %s", r->path, r->line, fault);
}

static void skip_spaces(struct reader *r)
{
    r->p += strspn(r->p, " \t\r");
}

static void skip_line(struct reader *r)
{
    r->p += strcspn(r->p, "\n");
    if (*r->p) {
        r->p++;
        r->line++;
    }
}

/* The name at p, "" when there is none; NULL when memory is out. */
static const char *take_name(struct reader *r)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    size_t n = strspn(r->p, letters);
    const char *name = arena_strndup(r->a, r->p, n);

    r->p += n;
    return name;
}

/* A value without quotes: to the end of the line, or to a '#' behind a blank. */
static char *take_bare(struct reader *r)
{
    size_t n = 0;

    while (r->p[n] && r->p[n] != '\n' && !(r->p[n] == '#' && strchr(" \t", r->p[n - 1])))
        n++;
    size_t end = n;
    while (end > 0 && strchr(" \t\r", r->p[end - 1]))
        end--;
    char *value = arena_strndup(r->a, r->p, end);
    r->p += n;
    return value;
}

/* The length of the text up to the closing quote, with its escapes; SIZE_MAX when it is missing. */
static size_t quoted_length(const char *p, char quote)
{
    size_t n = 0;

    while (p[n] && p[n] != quote)
        n += quote == '"' && p[n] == '\\' && p[n + 1] ? 2 : 1;
    return p[n] ? n : SIZE_MAX;
}

/* Takes the backslashes of \" and \\ away. */
static void unescape(char *s)
{
    char *to = s;

    for (; *s; s++) {
        if (*s == '\\' && (s[1] == '"' || s[1] == '\\'))
            s++;
        *to++ = *s;
    }
    *to = '\0';
}

static int take_quoted(struct reader *r, char **value, plain_error *err)
{
    char quote = *r->p;
    size_t n = quoted_length(r->p + 1, quote);

    if (n == SIZE_MAX)
        return refuse(r, "a quote is opened and never closed", err);
    *value = arena_strndup(r->a, r->p + 1, n);
    for (size_t i = 1; i <= n; i++)
        r->line += r->p[i] == '\n';
    r->p += n + 2;
    if (*value && quote == '"')
        unescape(*value);
    return PLAIN_OK;
}

static int take_value(struct reader *r, char **value, plain_error *err)
{
    skip_spaces(r);
    if (*r->p == '\'' || *r->p == '"')
        return take_quoted(r, value, err);
    *value = take_bare(r);
    return PLAIN_OK;
}

/* Whether nothing but a comment is left of the line. */
static bool is_line_over(struct reader *r)
{
    skip_spaces(r);
    return *r->p == '\0' || *r->p == '\n' || *r->p == '#';
}

static int take_line(struct reader *r, dotenv_filter *filter, dotenv_fn *fn, void *user,
                     plain_error *err)
{
    unsigned line = r->line;
    char *value = NULL;

    if (text_starts_with(r->p, "export ") || text_starts_with(r->p, "export\t"))
        r->p += strlen("export");
    skip_spaces(r);
    const char *name = take_name(r);
    if (!name)
        return error_nomem(err);
    bool wanted = filter(name);
    skip_spaces(r);
    if (*r->p != '=')
        return wanted ? refuse(r, "expected NAME=VALUE", err) : PLAIN_OK;
    r->p++;
    int result = take_value(r, &value, err);
    if (result < 0)
        return result;
    if (!value)
        return error_nomem(err);
    if (!is_line_over(r) && wanted)
        return refuse(r, "text behind the closing quote", err);
    return wanted ? fn(name, value, line, user, err) : PLAIN_OK;
}

int dotenv_parse(const char *path, const char *text, struct arena *a, dotenv_filter *filter,
                 dotenv_fn *fn, void *user, plain_error *err)
{
    struct reader r = {.path = path, .p = text, .line = 1, .a = a};
    int result = PLAIN_OK;

    while (*r.p && result == PLAIN_OK) {
        if (!is_line_over(&r))
            result = take_line(&r, filter, fn, user, err);
        skip_line(&r);
    }
    return result;
}
