#include "core/job_section.h"

#include <string.h>

#include "base/compiler.h"
#include "base/error.h"
#include "core/json.h"

enum { SECTIONS_DEPTH = 3 }; /* sections, one section, one option */

const struct job_option_kind job_option_kinds[JOB_OPTION_COUNT] = {
#define JOB_OPTION_ROW(id, word, list) [JOB_OPTION_##id] = {.name = (word), .is_list = (list)},
    JOB_OPTION_MAP(JOB_OPTION_ROW)
#undef JOB_OPTION_ROW
};

static size_t count_members(struct jtext container)
{
    struct jtext_walk walk = jtext_walk_start(container);
    struct jtext_member m;
    size_t n = 0;

    while (jtext_walk_next(&walk, &m))
        n++;
    return n;
}

static bool read_text(struct jtext value, struct arena *a, const char **out)
{
    if (jtext_kind(value) != JTEXT_STRING)
        return false;
    *out = jtext_string(value, a);
    return *out != NULL;
}

/* ["plain.conf:4", "value", ...] */
static bool read_option(struct jtext array, bool is_list, struct arena *a, struct job_option *out)
{
    struct jtext_member m;

    if (jtext_kind(array) != JTEXT_ARRAY)
        return false;
    size_t count = count_members(array);
    out->values = arena_array(a, count + 1, sizeof(*out->values));
    struct jtext_walk walk = jtext_walk_start(array);
    if (!out->values || !jtext_walk_next(&walk, &m) || !read_text(m.value, a, &out->place))
        return false;
    while (jtext_walk_next(&walk, &m)) {
        if (!read_text(m.value, a, &out->values[out->count++]))
            return false;
    }
    return is_list || out->count == 1;
}

static bool read_member(const struct jtext_member *m, struct arena *a, struct job_section *out)
{
    if (jtext_key_is(m->key, "name"))
        return read_text(m->value, a, &out->name);
    if (jtext_key_is(m->key, "place"))
        return read_text(m->value, a, &out->place);
    for (size_t i = 0; i < JOB_OPTION_COUNT; i++) {
        if (jtext_key_is(m->key, job_option_kinds[i].name))
            return read_option(m->value, job_option_kinds[i].is_list, a, &out->options[i]);
    }
    return false;
}

static bool read_section(struct jtext object, struct arena *a, struct job_section *out)
{
    struct jtext_member m;

    if (jtext_kind(object) != JTEXT_OBJECT)
        return false;
    struct jtext_walk walk = jtext_walk_start(object);
    while (jtext_walk_next(&walk, &m)) {
        if (!read_member(&m, a, out))
            return false;
    }
    return out->name && out->place;
}

static bool read_all(struct jtext array, struct arena *a, struct job_sections *out)
{
    struct jtext_member m;

    if (jtext_kind(array) != JTEXT_ARRAY)
        return false;
    out->items = arena_array(a, count_members(array) + 1, sizeof(*out->items));
    struct jtext_walk walk = jtext_walk_start(array);
    while (out->items && jtext_walk_next(&walk, &m)) {
        if (!read_section(m.value, a, &out->items[out->count++]))
            return false;
    }
    return out->items != NULL;
}

int job_sections_read(const char *json, struct arena *a, struct job_sections *out, plain_error *err)
{
    struct job_sections read = {0};
    struct jtext array;
    int r = jtext_check(json, strlen(json), SECTIONS_DEPTH, "job sections", &array, err);

    if (r == PLAIN_E_NOMEM)
        return r;
    if (r == PLAIN_OK && read_all(array, a, &read)) {
        *out = read;
        return PLAIN_OK;
    }
    if (!arena_ok(a))
        return error_nomem(err);
    return error_set(err, PLAIN_E_INVALID, 202, "job sections",
                     "the job sections that were handed over are not of the form of this program");
}

const struct job_section *job_sections_find(const struct job_sections *sections, const char *name)
{
    for (size_t i = 0; i < sections->count; i++) {
        if (strcmp(sections->items[i].name, name) == 0)
            return &sections->items[i];
    }
    return NULL;
}
