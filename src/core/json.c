#include "core/json.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "base/error.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

static struct jtext trim(const char *p, const char *end)
{
    p = skip_blanks(p, end);
    while (end > p && is_blank(end[-1]))
        end--;
    return (struct jtext){p, (size_t)(end - p)};
}

const char *jtext_string_end(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++) {
        if (*p == '\\')
            p++;
    }
    return p < end ? p + 1 : end;
}

static bool is_opening(char c)
{
    return c == '{' || c == '[';
}

static bool is_closing(char c)
{
    return c == '}' || c == ']';
}

const char *jtext_scalar_end(const char *p, const char *end)
{
    while (p < end && !is_blank(*p) && *p != ',' && !is_closing(*p))
        p++;
    return p;
}

/* Behind the value that starts at p. */
static const char *value_end(const char *p, const char *end)
{
    unsigned depth = 0;

    if (*p != '"' && !is_opening(*p))
        return jtext_scalar_end(p, end);
    do {
        if (*p == '"') {
            p = jtext_string_end(p, end);
            continue;
        }
        depth += is_opening(*p);
        depth -= is_closing(*p);
        p++;
    } while (depth > 0 && p < end);
    return p;
}

/* Where the text goes deeper than allowed, NULL when it does not. */
static const char *find_too_deep(const char *p, const char *end, unsigned depth_max)
{
    unsigned depth = 0;

    while (p < end) {
        if (*p == '"') {
            p = jtext_string_end(p, end);
            continue;
        }
        depth += is_opening(*p);
        depth -= is_closing(*p);
        if (depth > depth_max)
            return p;
        p++;
    }
    return NULL;
}

static int refuse_form(const char *field, const json_error_t *reason, plain_error *err)
{
    /* jansson says nothing when memory runs out, or complains about the token at which it did;
     * only the former can be told from bad JSON. */
    if (!reason->text[0])
        return error_nomem(err);
    return error_set(err, PLAIN_E_INVALID, 602, field, "%s: not valid JSON at byte %d: %s", field,
                     reason->position, reason->text);
}

int jtext_check(const char *text, size_t n, unsigned depth_max, const char *field,
                struct jtext *out, plain_error *err)
{
    /* Integers beyond int64 are refused by jansson unless it reads them as reals. */
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL;
    json_error_t reason;
    json_t *tree = json_loadb(text, n, flags, &reason);

    if (!tree)
        return refuse_form(field, &reason, err);
    json_decref(tree);

    const char *deep = find_too_deep(text, text + n, depth_max);
    if (deep)
        return error_set(err, PLAIN_E_INVALID, 602, field, "%s: deeper than %u levels at byte %zu",
                         field, depth_max, (size_t)(deep - text));
    if (out)
        *out = trim(text, text + n);
    return PLAIN_OK;
}

struct jtext jtext_of(const char *text)
{
    return trim(text, text + strlen(text));
}

static const struct {
    char first;
    enum jtext_kind kind;
    const char *name;
} kinds[] = {
    {'{', JTEXT_OBJECT, "an object"}, {'[', JTEXT_ARRAY, "an array"},
    {'"', JTEXT_STRING, "a string"},  {'t', JTEXT_TRUE, "true"},
    {'f', JTEXT_FALSE, "false"},      {'n', JTEXT_NULL, "null"},
};

enum jtext_kind jtext_kind(struct jtext value)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].first == *value.p)
            return kinds[i].kind;
    }
    return JTEXT_NUMBER;
}

const char *jtext_kind_name(enum jtext_kind kind)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].name;
    }
    return "a number";
}

struct jtext_walk jtext_walk_start(struct jtext container)
{
    assert(container.n >= 2 && is_opening(*container.p));
    return (struct jtext_walk){
        .p = container.p + 1,
        .end = container.p + container.n - 1,
        .is_object = *container.p == '{',
    };
}

/* Cuts one value off the front of what is left, with the comma or colon behind it. */
static struct jtext take_value(struct jtext_walk *walk)
{
    const char *start = skip_blanks(walk->p, walk->end);
    const char *stop = value_end(start, walk->end);

    walk->p = skip_blanks(stop, walk->end);
    if (walk->p < walk->end)
        walk->p++;
    return (struct jtext){start, (size_t)(stop - start)};
}

bool jtext_walk_next(struct jtext_walk *walk, struct jtext_member *out)
{
    if (skip_blanks(walk->p, walk->end) == walk->end)
        return false;
    *out = (struct jtext_member){.key = {walk->p, 0}};
    if (walk->is_object)
        out->key = take_value(walk);
    out->value = take_value(walk);
    return true;
}

/* The value of a hexadecimal digit that jansson has accepted. */
static int hex_value(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* One character of a key; -1 for what no name holds. */
static int next_key_char(const char **p)
{
    const char *s = *p;
    int value = 0;

    if (*s != '\\') {
        *p = s + 1;
        return (unsigned char)*s;
    }
    *p = s + 2;
    if (s[1] != 'u')
        return -1;
    for (int i = 2; i < 6; i++)
        value = value * 16 + hex_value(s[i]);
    *p = s + 6;
    return value;
}

bool jtext_key_is(struct jtext key, const char *name)
{
    const char *p = key.p + 1;
    const char *end = key.p + key.n - 1;

    while (p < end && *name) {
        if (next_key_char(&p) != *name++)
            return false;
    }
    return p == end && !*name;
}

char *jtext_string(struct jtext string, struct arena *a)
{
    char *text = NULL;

    if (!memchr(string.p, '\\', string.n))
        return arena_memdup(a, string.p + 1, string.n - 2);
    json_t *value = json_loadb(string.p, string.n, JSON_DECODE_ANY, NULL);
    if (value)
        text = arena_memdup(a, json_string_value(value), json_string_length(value));
    else
        a->broken = true; /* the text was checked: only memory can be out */
    json_decref(value);
    return text;
}
