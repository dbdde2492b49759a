#include "core/command_words.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

static const char blanks[] = " \t\r\n";

struct reader {
    const char *p;
    const char *place;
    char *word; /* room for the whole command, since a word is never longer */
    size_t length;
    plain_error *err;
};

static int refuse(const struct reader *r, const char *what)
{
    return error_set(r->err, PLAIN_E_INVALID, 202, "command", "%s: %s", r->place, what);
}

static int refuse_shell(const struct reader *r)
{
    (void)error_set(r->err, PLAIN_E_INVALID, 202, "command",
                    "%s: the command holds %c, which is for a shell, and none is used", r->place,
                    *r->p);
    error_fix(r->err, "put it into single quotes, or name the shell: sh -c '...'");
    return PLAIN_E_INVALID;
}

static void take(struct reader *r)
{
    r->word[r->length++] = *r->p++;
}

static int read_single(struct reader *r)
{
    r->p++;
    while (*r->p && *r->p != '\'')
        take(r);
    if (!*r->p)
        return refuse(r, "a single quote is never closed");
    r->p++;
    return PLAIN_OK;
}

static int read_double(struct reader *r)
{
    r->p++;
    while (*r->p && *r->p != '"') {
        if (*r->p == '$' || *r->p == '`')
            return refuse_shell(r);
        if (*r->p == '\\' && (r->p[1] == '"' || r->p[1] == '\\'))
            r->p++;
        take(r);
    }
    if (!*r->p)
        return refuse(r, "a double quote is never closed");
    r->p++;
    return PLAIN_OK;
}

static int read_escaped(struct reader *r)
{
    r->p++;
    if (!*r->p)
        return refuse(r, "nothing stands behind the last backslash");
    take(r);
    return PLAIN_OK;
}

static int read_bare(struct reader *r, bool first)
{
    if (strchr("|&;<>()$`*?[]{}!", *r->p) || (first && (*r->p == '~' || *r->p == '#')))
        return refuse_shell(r);
    take(r);
    return PLAIN_OK;
}

/* One word; r->p is not at a blank and not at the end. */
static int read_word(struct reader *r)
{
    bool first = true;
    int result = PLAIN_OK;

    r->length = 0;
    while (result == PLAIN_OK && *r->p && !strchr(blanks, *r->p)) {
        if (*r->p == '\'')
            result = read_single(r);
        else if (*r->p == '"')
            result = read_double(r);
        else if (*r->p == '\\')
            result = read_escaped(r);
        else
            result = read_bare(r, first);
        first = false;
    }
    return result;
}

static int check_first(const struct reader *r, const char *word)
{
    if (!*word)
        return refuse(r, "the command's name is empty");
    if (!strchr(word, '='))
        return PLAIN_OK;
    (void)error_set(r->err, PLAIN_E_INVALID, 202, "command",
                    "%s: %s in front of the command is for a shell, and none is used", r->place,
                    word);
    error_fix(r->err, "write it as: env %s ...", word);
    return PLAIN_E_INVALID;
}

int command_words(const char *command, const char *place, struct arena *a, char ***words,
                  size_t *count, plain_error *err)
{
    size_t size = strlen(command) + 1, n = 0;
    struct reader r = {.p = command, .place = place, .word = arena_alloc(a, size), .err = err};
    char **list = arena_array(a, size / 2 + 2, sizeof(*list)); /* a word and a blank take two */

    if (!list || !r.word)
        return error_nomem(err);
    for (r.p += strspn(r.p, blanks); *r.p; r.p += strspn(r.p, blanks)) {
        int result = read_word(&r);

        if (result < 0)
            return result;
        list[n] = arena_strndup(a, r.word, r.length);
        if (!list[n++])
            return error_nomem(err);
    }
    int result = n == 0 ? refuse(&r, "the command is empty") : check_first(&r, list[0]);
    if (result < 0)
        return result;
    *words = list;
    *count = n;
    return PLAIN_OK;
}
