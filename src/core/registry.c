#include "core/registry.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include "core/adopt.h"
#include "core/class.h"
#include "core/executable.h"
#include "core/executable_class.h"
#include "core/job_section.h"
#include "core/json.h"

/* A name under which an entry is found: its own or an alias. */
struct key {
    const char *name;
    const struct job_entry *entry;
};

/* Both arrays are sorted by name; entries and their texts live in the arena. */
struct registry {
    struct arena arena;
    struct key *keys;
    size_t key_count, key_room;
    const struct job_entry **entries;
    size_t entry_count, entry_room;
    struct sections sections;
    const plain_middleware **middleware; /* in the order in which they came */
    size_t middleware_count, middleware_room;
};

struct registry *registry_new(void)
{
    return mem_zalloc(1, sizeof(struct registry));
}

void registry_free(struct registry *r)
{
    if (!r)
        return;
    arena_release(&r->arena);
    mem_free(r->keys);
    mem_free(r->entries);
    mem_free(r->middleware);
    mem_free(r);
}

/* Makes room for one more item of an array. */
static bool reserve(void *array_pointer, size_t count, size_t *room, size_t size)
{
    enum { FIRST_ROOM = 16 };
    void *array;

    if (count < *room)
        return true;
    size_t wanted = *room ? *room * 2 : FIRST_ROOM;
    memcpy(&array, array_pointer, sizeof(array)); /* some T **, which void ** must not alias */
    array = mem_grow(array, wanted, size);
    if (!array)
        return false;
    memcpy(array_pointer, &array, sizeof(array));
    *room = wanted;
    return true;
}

/* The first key that is not before name. */
static size_t find_place(const struct registry *r, const char *name)
{
    size_t low = 0;
    size_t high = r->key_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (strcmp(r->keys[middle].name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int add_key(struct registry *r, const char *name, const struct job_entry *entry,
                   plain_error *err)
{
    const struct job_entry *other = registry_find(r, name);

    if (other)
        return error_set(err, PLAIN_E_INVALID, 107, name,
                         "%s registers '%s', which is already a name of '%s' in %s", entry->origin,
                         name, other->name, other->origin);
    if (!reserve(&r->keys, r->key_count, &r->key_room, sizeof(*r->keys)))
        return error_nomem(err);
    size_t at = find_place(r, name);
    memmove(r->keys + at + 1, r->keys + at, (r->key_count - at) * sizeof(*r->keys));
    r->keys[at] = (struct key){name, entry};
    r->key_count++;
    return PLAIN_OK;
}

static int add_entry(struct registry *r, const struct job_entry *fields, plain_error *err)
{
    const struct job_entry *entry = arena_memdup(&r->arena, fields, sizeof(*fields));

    if (!entry || !reserve(&r->entries, r->entry_count, &r->entry_room, sizeof(void *)))
        return error_nomem(err);
    int result = add_key(r, entry->name, entry, err);
    if (result < 0)
        return result;

    size_t at = r->entry_count;
    for (; at > 0 && strcmp(r->entries[at - 1]->name, entry->name) > 0; at--)
        r->entries[at] = r->entries[at - 1];
    r->entries[at] = entry;
    r->entry_count++;
    for (size_t i = 0; entry->cls && entry->cls->aliases && entry->cls->aliases[i]; i++) {
        result = add_key(r, entry->cls->aliases[i], entry, err);
        if (result < 0)
            return result;
    }
    return PLAIN_OK;
}

static int add_class(struct registry *r, const plain_job_class *cls, const char *origin,
                     plain_error *err)
{
    int result = class_check(cls, err);

    if (result < 0) {
        error_prefix(err, "%s: ", origin);
        return result;
    }
    const struct job_entry entry = {
        .name = cls->name,
        .doc = cls->doc ? cls->doc : "",
        .origin = origin,
        .cls = cls,
    };
    return add_entry(r, &entry, err);
}

static const plain_middleware *find_middleware(const struct registry *r, const char *name)
{
    if (strcmp(name, middleware_app_logger.name) == 0)
        return &middleware_app_logger;
    for (size_t i = 0; i < r->middleware_count; i++) {
        if (strcmp(r->middleware[i]->name, name) == 0)
            return r->middleware[i];
    }
    return NULL;
}

static int add_middleware(struct registry *r, const plain_middleware *m, const char *origin,
                          plain_error *err)
{
    int result = middleware_check(m, err);

    if (result < 0) {
        error_prefix(err, "%s: ", origin);
        return result;
    }
    if (find_middleware(r, m->name))
        return error_set(err, PLAIN_E_INVALID, 107, m->name,
                         "%s registers middleware '%s', which there is already", origin, m->name);
    if (!reserve(&r->middleware, r->middleware_count, &r->middleware_room, sizeof(void *)))
        return error_nomem(err);
    r->middleware[r->middleware_count++] = m;
    return PLAIN_OK;
}

static int refuse_middleware(const struct registry *r, const char *name, plain_error *err)
{
    const char **names = mem_zalloc(r->middleware_count + 1, sizeof(*names));
    const char *nearest = NULL;

    (void)error_set(err, PLAIN_E_INVALID, 111, "JOBS_MIDDLEWARE",
                    "JOBS_MIDDLEWARE names '%s', which no job module offers", name);
    if (names) {
        names[0] = middleware_app_logger.name;
        for (size_t i = 0; i < r->middleware_count; i++)
            names[i + 1] = r->middleware[i]->name;
        nearest = text_nearest(name, names, r->middleware_count + 1);
    }
    if (nearest)
        error_fix(err, "did you mean '%s'? see the setting with `plain config`", nearest);
    mem_free(names);
    return PLAIN_E_INVALID;
}

int registry_add_module(struct registry *r, const plain_module *module, const char *origin,
                        plain_error *err)
{
    plain_module known;
    const char *kept = arena_strdup(&r->arena, origin);

    if (!kept)
        return error_nomem(err);
    int result = struct_adopt("the module", "PLAIN_REGISTER_JOBS(...)", &known, sizeof(known),
                              module, module->size, err);
    if (result < 0) {
        error_prefix(err, "%s: ", origin);
        return result;
    }
    if (known.abi != PLAIN_MODULE_ABI || (!known.jobs && !known.middleware))
        return error_set(err, PLAIN_E_MODULE, 109, origin,
                         "%s: its binary interface is number %u, this program's is %u", origin,
                         known.abi, PLAIN_MODULE_ABI);
    for (size_t i = 0; result == PLAIN_OK && known.jobs && known.jobs[i]; i++)
        result = add_class(r, known.jobs[i], kept, err);
    for (size_t i = 0; result == PLAIN_OK && known.middleware && known.middleware[i]; i++)
        result = add_middleware(r, known.middleware[i], kept, err);
    return result;
}

static int add_link(struct registry *r, const char *name, const plain_middleware **out,
                    plain_error *err)
{
    if (!name)
        return error_nomem(err);
    *out = find_middleware(r, name);
    return *out ? PLAIN_OK : refuse_middleware(r, name, err);
}

int registry_chain(struct registry *r, const char *json, struct middleware_chain *out,
                   plain_error *err)
{
    /* A name has three bytes. */
    const plain_middleware **items =
        arena_array(&r->arena, strlen(json) + 1, sizeof(const plain_middleware *));
    struct jtext array;
    struct jtext_member m;
    size_t n = 0;
    int result = jtext_check(json, strlen(json), 1, "JOBS_MIDDLEWARE", &array, err);

    if (result < 0 || !items)
        return items ? result : error_nomem(err);
    struct jtext_walk walk = jtext_walk_start(array);
    while (result == PLAIN_OK && jtext_walk_next(&walk, &m))
        result = add_link(r, jtext_string(m.value, &r->arena), &items[n++], err);
    *out = (struct middleware_chain){.items = items, .count = n};
    return result;
}

/* The class that the executable's section makes of it, and what changes in the entry by it. */
static int add_section(struct registry *r, struct job_entry *entry, plain_error *err)
{
    const struct section *section = sections_find(&r->sections, entry->name);

    if (!section)
        return PLAIN_OK;
    int result = executable_class_new(section, entry->doc, &r->arena, &entry->cls, err);
    if (result == PLAIN_OK)
        entry->doc = entry->cls->doc;
    return result;
}

static int add_executable(const struct executable *found, void *user, plain_error *err)
{
    struct registry *r = user;
    struct job_entry entry = {
        .name = arena_strdup(&r->arena, found->name),
        .doc = arena_strdup(&r->arena, found->doc),
        .origin = arena_strdup(&r->arena, found->origin),
        .path = arena_strdup(&r->arena, found->path),
    };

    if (!arena_ok(&r->arena))
        return error_nomem(err);
    int result = add_section(r, &entry, err);
    return result == PLAIN_OK ? add_entry(r, &entry, err) : result;
}

int registry_add_folder(struct registry *r, const char *folder, plain_error *err)
{
    return executable_scan(folder, add_executable, r, err);
}

int registry_add_command(struct registry *r, const char *name, const char *origin,
                         const char *const *argv, size_t argc, plain_error *err)
{
    char **copy = arena_array(&r->arena, argc + 1, sizeof(*copy));
    if (!copy)
        return error_nomem(err);
    struct job_entry entry = {
        .name = arena_strdup(&r->arena, name),
        .doc = "",
        .origin = arena_strdup(&r->arena, origin),
        .argv = copy,
    };

    for (size_t i = 0; i < argc; i++)
        copy[i] = arena_strdup(&r->arena, argv[i]);
    if (!arena_ok(&r->arena))
        return error_nomem(err);
    entry.path = copy[0];
    return add_entry(r, &entry, err);
}

int registry_take_sections(struct registry *r, const char *json, plain_error *err)
{
    return sections_read(SECTION_JOB, json, &r->arena, &r->sections, err);
}

static int refuse_section(const struct registry *r, const struct section *section, plain_error *err)
{
    const struct job_entry *entry = registry_find(r, section->name);
    const char *name = section->name;

    if (entry) {
        (void)error_set(err, PLAIN_E_INVALID, 202, name,
                        "%s: job '%s' is a class of %s: sections are for executables",
                        section->place, name, entry->origin);
        error_fix(err, "take the section out: a class says these in its code");
        return PLAIN_E_INVALID;
    }
    (void)error_set(err, PLAIN_E_INVALID, 202, name,
                    "%s: job '%s': there is no executable jobs.d/%s", section->place, name, name);
    error_fix(err, "put the file there, or take the section out; a class in C says these in its "
                   "code; see the names with `plain jobs list`");
    return PLAIN_E_INVALID;
}

int registry_check_sections(const struct registry *r, plain_error *err)
{
    for (size_t i = 0; i < r->sections.count; i++) {
        const struct job_entry *entry = registry_find(r, r->sections.items[i].name);

        if (!entry || !entry->path)
            return refuse_section(r, &r->sections.items[i], err);
    }
    return PLAIN_OK;
}

const struct job_entry *registry_find(const struct registry *r, const char *name)
{
    size_t at = find_place(r, name);

    if (at == r->key_count || strcmp(r->keys[at].name, name) != 0)
        return NULL;
    return r->keys[at].entry;
}

/* "a, b, c" of the first names that fit, "..." when there are more. */
static void list_names(const struct registry *r, char *out, size_t size)
{
    static const char more[] = ", ...";
    size_t used = 0;

    out[0] = '\0';
    for (size_t i = 0; i < r->entry_count; i++) {
        const char *name = r->entries[i]->name;

        if (used + strlen(name) + 2 + sizeof(more) > size) {
            (void)text_copy(out + used, size - used, more);
            return;
        }
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", name);
    }
}

int registry_unknown(const struct registry *r, const char *name, plain_error *err)
{
    enum { LIST_SIZE = 200 };
    char list[LIST_SIZE];
    const char *nearest = NULL;
    const char **names = mem_zalloc(r->key_count, sizeof(*names));

    list_names(r, list, sizeof(list));
    (void)error_set(err, PLAIN_E_NOT_FOUND, 101, "job class",
                    "there is no job class '%s'; registered here: %s", name,
                    list[0] ? list : "none");
    for (size_t i = 0; names && i < r->key_count; i++)
        names[i] = r->keys[i].name;
    if (names)
        nearest = text_nearest(name, names, r->key_count);
    if (nearest)
        error_fix(err, "did you mean '%s'? see the names with `plain jobs list`", nearest);
    mem_free(names);
    return PLAIN_E_NOT_FOUND;
}

size_t registry_count(const struct registry *r)
{
    return r->entry_count;
}

const struct job_entry *registry_at(const struct registry *r, size_t i)
{
    assert(i < r->entry_count);
    return r->entries[i];
}
