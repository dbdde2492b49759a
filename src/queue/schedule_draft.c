#include "queue/schedule_draft.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/json.h"
#include "core/schedule_section.h"

enum { SETTING_DEPTH = 2, ENTRY_ITEMS = 2 };

static const char command_word[] = "cmd:";

static size_t count_items(struct jtext array)
{
    struct jtext_walk walk = jtext_walk_start(array);
    struct jtext_member m;
    size_t n = 0;

    while (jtext_walk_next(&walk, &m))
        n++;
    return n;
}

/* ["DailyReportJob", "0 9 * * *"]; false when it is anything else. */
static bool read_entry(struct jtext entry, struct arena *a, const char *items[ENTRY_ITEMS])
{
    struct jtext_member m;
    size_t n = 0;

    if (jtext_kind(entry) != JTEXT_ARRAY)
        return false;
    struct jtext_walk walk = jtext_walk_start(entry);
    while (jtext_walk_next(&walk, &m)) {
        if (n == ENTRY_ITEMS || jtext_kind(m.value) != JTEXT_STRING)
            return false;
        items[n++] = jtext_string(m.value, a);
    }
    return n == ENTRY_ITEMS;
}

static int refuse_setting(plain_error *err)
{
    (void)error_set(
        err, PLAIN_E_INVALID, 202, "JOBS_SCHEDULE",
        "JOBS_SCHEDULE takes a JSON list of pairs: a job class or cmd:COMMAND, and cron "
        "text");
    error_fix(err, "write it as [[\"DailyReportJob\", \"0 9 * * *\"], [\"cmd:./script\", "
                   "\"@daily\"]]");
    return PLAIN_E_INVALID;
}

static int open_setting(const char *setting, struct jtext *out, plain_error *err)
{
    int r = jtext_check(setting, strlen(setting), SETTING_DEPTH, "JOBS_SCHEDULE", out, NULL);

    if (r == PLAIN_E_NOMEM)
        return error_nomem(err);
    return r < 0 || jtext_kind(*out) != JTEXT_ARRAY ? refuse_setting(err) : PLAIN_OK;
}

/* "cmd:cleanup" of "./scripts/cleanup --all". */
static const char *name_of(const char *job, struct arena *a)
{
    if (!text_starts_with(job, command_word))
        return job;
    const char *start = job + strlen(command_word);
    start += strspn(start, " \t");
    size_t length = strcspn(start, " \t\n;|&<>()\"'`$");
    for (size_t i = 0; i < length; i++) {
        if (start[i] == '/' && i + 1 < length) {
            start += i + 1;
            length -= i + 1;
            i = SIZE_MAX; /* from its beginning again */
        }
    }
    return arena_printf(a, "%s%.*s", command_word, (int)(length < 200 ? length : 200), start);
}

static bool has_name(const struct drafts *drafts, size_t from, const char *name)
{
    for (size_t i = from; i < drafts->count; i++) {
        if (strcmp(drafts->items[i].name, name) == 0)
            return true;
    }
    return false;
}

/* first: of the entries of JOBS_SCHEDULE. */
static void add_entry(struct drafts *drafts, size_t first, const char *items[ENTRY_ITEMS],
                      struct arena *a)
{
    struct draft d = {.origin = "JOBS_SCHEDULE", .name = name_of(items[0], a)};

    if (d.name && has_name(drafts, first, d.name))
        d.name = arena_printf(a, "%s-%08" PRIx32, d.name,
                              (uint32_t)hash_text(hash_text(HASH_START, items[0]), items[1]));
    d.options[SCHEDULE_OPTION_CRON] = items[1];
    if (text_starts_with(items[0], command_word)) {
        d.argc = 3;
        d.argv = arena_array(a, d.argc, sizeof(*d.argv));
        if (d.argv) {
            d.argv[0] = "/bin/sh";
            d.argv[1] = "-c";
            d.argv[2] = items[0] + strlen(command_word);
        }
    } else {
        d.job = items[0];
    }
    if (arena_ok(a))
        drafts->items[drafts->count++] = d;
}

static int add_setting(struct drafts *drafts, struct jtext list, struct arena *a, plain_error *err)
{
    struct jtext_walk walk = jtext_walk_start(list);
    const char *items[ENTRY_ITEMS];
    struct jtext_member m;
    size_t first = drafts->count;

    while (jtext_walk_next(&walk, &m)) {
        if (!read_entry(m.value, a, items))
            return refuse_setting(err);
        if (!arena_ok(a))
            return error_nomem(err);
        add_entry(drafts, first, items, a);
    }
    return arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

static void add_section(struct drafts *drafts, const struct section *s)
{
    struct draft *d = &drafts->items[drafts->count++];
    const struct section_option *command = &s->options[SCHEDULE_OPTION_COMMAND];

    *d = (struct draft){.name = s->name, .origin = s->place, .is_twice = s->is_twice};
    for (size_t i = 0; i < SCHEDULE_OPTION_COUNT; i++) {
        if (s->options[i].place && s->options[i].count > 0)
            d->options[i] = s->options[i].values[0];
    }
    d->job = d->options[SCHEDULE_OPTION_JOB];
    if (command->place) {
        d->argv = command->values;
        d->argc = command->count;
    }
}

int schedules_check_setting(const char *setting, plain_error *err)
{
    const struct schedule_sources sources = {.sections = "[]", .setting = setting};
    struct arena a = ARENA_INIT;
    struct drafts drafts;
    int r = drafts_read(&sources, 0, &a, &drafts, err);

    arena_release(&a);
    return r;
}

int drafts_read(const struct schedule_sources *sources, size_t more, struct arena *a,
                struct drafts *out, plain_error *err)
{
    struct sections sections = {0};
    struct jtext list = {0};
    const char *setting = sources->setting && *sources->setting ? sources->setting : "[]";
    int r = sections_read(SECTION_SCHEDULE, sources->sections, a, &sections, err);

    if (r == PLAIN_OK)
        r = open_setting(setting, &list, err);
    if (r < 0)
        return r;
    *out = (struct drafts){
        .items = arena_array(a, sections.count + count_items(list) + more, sizeof(*out->items))};
    if (!out->items)
        return error_nomem(err);
    for (size_t i = 0; i < sections.count; i++)
        add_section(out, &sections.items[i]);
    return add_setting(out, list, a, err);
}
