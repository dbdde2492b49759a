#include "core/section.h"

#include <string.h>

#include "base/compiler.h"
#include "base/error.h"
#include "core/job_section.h"
#include "core/json.h"
#include "core/schedule_section.h"

enum { SECTIONS_DEPTH = 3 }; /* sections, one section, one option */

#define OPTION_ROW(id, word, list) {.name = (word), .is_list = (list)},
static const struct section_option_kind job_options[] = {JOB_OPTION_MAP(OPTION_ROW)};
static const struct section_option_kind schedule_options[] = {SCHEDULE_OPTION_MAP(OPTION_ROW)};
#undef OPTION_ROW

const struct section_kind section_kinds[SECTION_COUNT] = {
    [SECTION_JOB] = {"job", job_options, ARRAY_SIZE(job_options), false},
    [SECTION_SCHEDULE] = {"schedule", schedule_options, ARRAY_SIZE(schedule_options), true},
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
static bool read_option(struct jtext array, bool is_list, struct arena *a,
                        struct section_option *out)
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

static bool read_member(const struct section_kind *kind, const struct jtext_member *m,
                        struct arena *a, struct section *out)
{
    if (jtext_key_is(m->key, "name"))
        return read_text(m->value, a, &out->name);
    if (jtext_key_is(m->key, "place"))
        return read_text(m->value, a, &out->place);
    if (jtext_key_is(m->key, "twice"))
        return out->is_twice = true;
    for (size_t i = 0; i < kind->option_count; i++) {
        if (jtext_key_is(m->key, kind->options[i].name))
            return read_option(m->value, kind->options[i].is_list, a, &out->options[i]);
    }
    return false;
}

static bool read_section(const struct section_kind *kind, struct jtext object, struct arena *a,
                         struct section *out)
{
    struct jtext_member m;

    if (jtext_kind(object) != JTEXT_OBJECT)
        return false;
    struct jtext_walk walk = jtext_walk_start(object);
    while (jtext_walk_next(&walk, &m)) {
        if (!read_member(kind, &m, a, out))
            return false;
    }
    return out->name && out->place;
}

static bool read_all(const struct section_kind *kind, struct jtext array, struct arena *a,
                     struct sections *out)
{
    struct jtext_member m;

    if (jtext_kind(array) != JTEXT_ARRAY)
        return false;
    out->items = arena_array(a, count_members(array) + 1, sizeof(*out->items));
    struct jtext_walk walk = jtext_walk_start(array);
    while (out->items && jtext_walk_next(&walk, &m)) {
        if (!read_section(kind, m.value, a, &out->items[out->count++]))
            return false;
    }
    return out->items != NULL;
}

int sections_read(enum section_id id, const char *json, struct arena *a, struct sections *out,
                  plain_error *err)
{
    struct sections read = {0};
    struct jtext array;
    int r = jtext_check(json, strlen(json), SECTIONS_DEPTH, "sections", &array, err);

    if (r == PLAIN_E_NOMEM)
        return r;
    if (r == PLAIN_OK && read_all(&section_kinds[id], array, a, &read)) {
        *out = read;
        return PLAIN_OK;
    }
    if (!arena_ok(a))
        return error_nomem(err);
    return error_set(err, PLAIN_E_INVALID, 202, section_kinds[id].word,
                     "the sections that were handed over are not of the form of this program");
}

const struct section *sections_find(const struct sections *sections, const char *name)
{
    for (size_t i = 0; i < sections->count; i++) {
        if (strcmp(sections->items[i].name, name) == 0)
            return &sections->items[i];
    }
    return NULL;
}
