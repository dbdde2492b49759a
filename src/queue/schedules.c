#include "queue/schedules.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "core/adopt.h"
#include "core/class.h"
#include "core/params.h"
#include "core/schedule_section.h"
#include "queue/schedule_draft.h"

/* A word of a section and what it stands for. */
struct choice {
    const char *word;
    int value;
};

static const struct choice dst_words[] = {{"cron", PLAIN_DST_CRON},
                                          {"wall", PLAIN_DST_WALL},
                                          {"gap_skip", PLAIN_DST_GAP_SKIP},
                                          {"repeat_twice", PLAIN_DST_REPEAT_TWICE}};
static const struct choice missed_words[] = {
    {"last", PLAIN_MISSED_LAST}, {"none", PLAIN_MISSED_NONE}, {"all", PLAIN_MISSED_ALL}};
static const struct choice overlap_words[] = {
    {"allow", PLAIN_OVERLAP_ALLOW}, {"skip", PLAIN_OVERLAP_SKIP}, {"wait", PLAIN_OVERLAP_WAIT}};

static int refuse(enum schedule_option_id id, const char *takes, const char *text, plain_error *err)
{
    const char *name = section_kinds[SECTION_SCHEDULE].options[id].name;

    return error_set(err, PLAIN_E_INVALID, 202, name, "%s takes %s, not '%.60s'", name, takes,
                     text);
}

static int take_choice(const struct draft *d, enum schedule_option_id id,
                       const struct choice *choices, size_t count, const char *takes, int *out,
                       plain_error *err)
{
    const char *text = d->options[id];

    for (size_t i = 0; text && i < count; i++) {
        if (text_equal_nocase(text, choices[i].word)) {
            *out = choices[i].value;
            return PLAIN_OK;
        }
    }
    return text ? refuse(id, takes, text, err) : PLAIN_OK;
}

static int take_number(const struct draft *d, enum schedule_option_id id, int64_t min, int64_t max,
                       const char *takes, int64_t *out, plain_error *err)
{
    const char *text = d->options[id];

    if (!text || text_parse_int64(text, min, max, out))
        return PLAIN_OK;
    return refuse(id, takes, text, err);
}

static int take_optional(const struct draft *d, enum schedule_option_id id, int64_t min,
                         int64_t max, const char *takes, plain_opt_int *out, plain_error *err)
{
    int64_t n = 0;
    int r = take_number(d, id, min, max, takes, &n, err);

    if (r == PLAIN_OK && d->options[id])
        *out = (plain_opt_int){true, (int32_t)n};
    return r;
}

static int take_policies(const struct draft *d, struct schedule *s, plain_error *err)
{
    int64_t most = s->missed_max;
    int r = take_choice(d, SCHEDULE_OPTION_DST, dst_words, ARRAY_SIZE(dst_words),
                        "cron, wall, gap_skip or repeat_twice", &s->dst, err);

    if (r == PLAIN_OK)
        r = take_choice(d, SCHEDULE_OPTION_MISSED, missed_words, ARRAY_SIZE(missed_words),
                        "last, none or all", &s->missed, err);
    if (r == PLAIN_OK)
        r = take_choice(d, SCHEDULE_OPTION_OVERLAP, overlap_words, ARRAY_SIZE(overlap_words),
                        "allow, skip or wait", &s->overlap, err);
    if (r == PLAIN_OK)
        r = take_number(d, SCHEDULE_OPTION_MISSED_MAX, 1, SCHEDULE_MISSED_MOST,
                        "a number from 1 to 10000", &most, err);
    if (r == PLAIN_OK)
        r = take_optional(d, SCHEDULE_OPTION_PRIORITY, -PLAIN_PRIORITY_MAX - 1, PLAIN_PRIORITY_MAX,
                          "a number from -32768 to 32767", &s->priority, err);
    if (r == PLAIN_OK)
        r = take_optional(d, SCHEDULE_OPTION_RETRIES, 0, PLAIN_RETRIES_MAX,
                          "a number from 0 to 32767", &s->retries, err);
    s->missed_max = (int)most;
    return r;
}

/* What a class says of its own schedule; its numbers were given in C and may be anything. */
static int take_class(const struct draft *d, struct schedule *s, plain_error *err)
{
    plain_job_class known;
    int r = struct_adopt("the job class", "PLAIN_JOB_CLASS(struct ...)", &known, sizeof(known),
                         d->cls, d->cls->size, err);

    if (r < 0)
        return r;
    s->cron = known.schedule;
    s->timezone = known.schedule_timezone ? known.schedule_timezone : s->timezone;
    s->parameters = known.schedule_parameters;
    s->dst = known.schedule_dst;
    s->missed = known.schedule_missed;
    s->missed_max = known.schedule_missed_max ? known.schedule_missed_max : SCHEDULE_MISSED_MAX;
    s->overlap = known.schedule_overlap;
    const struct {
        const char *field;
        int value, least, most;
    } checks[] = {
        {"schedule_dst", s->dst, 0, PLAIN_DST_WALL},
        {"schedule_missed", s->missed, PLAIN_MISSED_LAST, PLAIN_MISSED_ALL},
        {"schedule_missed_max", s->missed_max, 1, SCHEDULE_MISSED_MOST},
        {"schedule_overlap", s->overlap, PLAIN_OVERLAP_ALLOW, PLAIN_OVERLAP_WAIT},
    };
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        if (checks[i].value < checks[i].least || checks[i].value > checks[i].most)
            return error_set(err, PLAIN_E_INVALID, 110, checks[i].field,
                             "%s is %d, not from %d to %d", checks[i].field, checks[i].value,
                             checks[i].least, checks[i].most);
    }
    return PLAIN_OK;
}

static int take_entry(const struct draft *d, const struct registry *registry, struct schedule *s,
                      plain_error *err)
{
    bool has_command = d->argv && d->argc > 0;

    if (has_command == (d->job != NULL)) {
        (void)error_set(err, PLAIN_E_INVALID, 202, "job",
                        d->job ? "it has a job and a command: it can run one of them"
                               : "it has neither a job nor a command");
        error_fix(err, "write job = \"CLASS\" or command = {\"program\", \"argument\"}");
        return PLAIN_E_INVALID;
    }
    s->entry = registry_find(registry, has_command ? d->name : d->job);
    if (!s->entry)
        return registry_unknown(registry, has_command ? d->name : d->job, err);
    if (has_command && (!s->entry->argv || strcmp(s->entry->origin, d->origin) != 0))
        return error_set(err, PLAIN_E_INVALID, 107, d->name,
                         "the name of its command is that of a job of %s", s->entry->origin);
    return PLAIN_OK;
}

static int take_times(struct schedule *s, plain_error *err)
{
    int64_t at;

    if (!s->cron)
        return error_set(err, PLAIN_E_INVALID, 202, "cron", "it has no cron");
    int r = plain_schedule_parse(s->cron, &s->when, err);
    return r < 0 ? r : plain_schedule_next(&s->when, s->timezone, 0, s->dst, &at, err);
}

static int check_parameters(const struct schedule *s, struct arena *a, plain_error *err)
{
    struct buf stored = BUF_INIT(PARAMS_BUF_MAX);
    const void *params;
    int r = params_from_json(s->entry->cls, s->parameters, &stored, err);

    if (r == PLAIN_OK && s->entry->cls)
        r = params_decode(s->entry->cls, stored.data, a, &params, err);
    buf_release(&stored);
    return r == PLAIN_OK && s->queue ? class_check_text("queue", s->queue, false, err) : r;
}

static void make_hash(const struct draft *d, struct schedule *s)
{
    uint64_t hash = HASH_START;
    char numbers[128];
    const char *texts[] = {s->entry->name, s->cron, s->timezone, s->parameters, s->queue, numbers};

    (void)snprintf(numbers, sizeof(numbers), "%d %d %d %d %d %d %d %d", s->dst, s->missed,
                   s->missed_max, s->overlap, s->priority.given, s->priority.value,
                   s->retries.given, s->retries.value);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        hash = hash_text(hash, texts[i]);
    for (size_t i = 0; i < d->argc; i++)
        hash = hash_text(hash, d->argv[i]);
    (void)snprintf(s->hash, sizeof(s->hash), "%016" PRIx64, hash);
}

static int make(const struct draft *d, const struct registry *registry, const char *zone,
                struct arena *a, struct schedule *s, plain_error *err)
{
    *s = (struct schedule){
        .name = d->name,
        .origin = d->origin,
        .cron = d->options[SCHEDULE_OPTION_CRON],
        .timezone =
            d->options[SCHEDULE_OPTION_TIMEZONE] ? d->options[SCHEDULE_OPTION_TIMEZONE] : zone,
        .parameters = d->options[SCHEDULE_OPTION_PARAMETERS],
        .queue = d->options[SCHEDULE_OPTION_QUEUE],
        .missed_max = SCHEDULE_MISSED_MAX,
    };
    int r = class_check_text("schedule", d->name, false, err);
    if (r == PLAIN_OK && d->is_twice)
        r = error_set(err, PLAIN_E_INVALID, 404, d->name,
                      "the file has two schedules of this name");
    if (r == PLAIN_OK)
        r = d->cls ? take_class(d, s, err) : take_policies(d, s, err);
    if (r == PLAIN_OK)
        r = take_entry(d, registry, s, err);
    if (r == PLAIN_OK)
        r = take_times(s, err);
    if (r == PLAIN_OK)
        r = check_parameters(s, a, err);
    if (r == PLAIN_OK)
        make_hash(d, s);
    return r;
}

/* Fails only for want of memory, which says nothing of the schedule. */
static int add(struct schedules *all, const struct draft *d, const struct registry *registry,
               const char *zone, struct arena *a)
{
    const struct schedule *other = schedules_find(all, d->name);
    struct schedule *s = &all->items[all->count];
    int r = make(d, registry, zone, a, s, &s->error);

    if (r == PLAIN_E_NOMEM)
        return r;
    if (other)
        r = error_set(&s->error, PLAIN_E_INVALID, 404, d->name,
                      "there is a schedule of this name already, in %s: that one stays",
                      other->origin);
    s->is_bad = r < 0;
    all->count++;
    return PLAIN_OK;
}

/* The classes that have a schedule of their own. */
static void add_classes(struct drafts *drafts, const struct registry *registry)
{
    for (size_t i = 0; i < registry_count(registry); i++) {
        const struct job_entry *entry = registry_at(registry, i);
        plain_job_class known;

        if (!entry->cls || entry->path ||
            struct_adopt("the job class", "PLAIN_JOB_CLASS(struct ...)", &known, sizeof(known),
                         entry->cls, entry->cls->size, NULL) < 0 ||
            !known.schedule)
            continue;
        drafts->items[drafts->count++] = (struct draft){
            .name = entry->name, .origin = entry->origin, .job = entry->name, .cls = entry->cls};
    }
}

static int by_name(const void *a, const void *b)
{
    const struct schedule *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order ? order : left->is_bad - right->is_bad;
}

int schedules_collect(const struct registry *registry, const struct schedule_sources *sources,
                      struct arena *a, struct schedules *out, plain_error *err)
{
    struct drafts drafts;
    int r = drafts_read(sources, registry_count(registry), a, &drafts, err);

    if (r < 0)
        return r;
    add_classes(&drafts, registry);
    *out = (struct schedules){.items = arena_array(a, drafts.count + 1, sizeof(*out->items))};
    if (!out->items)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < drafts.count; i++)
        r = add(out, &drafts.items[i], registry, sources->timezone, a);
    qsort(out->items, out->count, sizeof(*out->items), by_name);
    return r == PLAIN_OK && arena_ok(a) ? PLAIN_OK : error_nomem(err);
}

/* A name that is taken is told by schedules_collect(). */
int schedules_add_commands(struct registry *registry, const struct schedule_sources *sources,
                           plain_error *err)
{
    struct arena a = ARENA_INIT;
    struct drafts drafts;
    int r = drafts_read(sources, 0, &a, &drafts, err);

    for (size_t i = 0; r == PLAIN_OK && i < drafts.count; i++) {
        const struct draft *d = &drafts.items[i];

        if (d->argv && d->argc > 0 && !d->job && !class_text_fault(d->name, false) &&
            !registry_find(registry, d->name))
            r = registry_add_command(registry, d->name, d->origin, d->argv, d->argc, err);
    }
    arena_release(&a);
    return r;
}

const struct schedule *schedules_find(const struct schedules *all, const char *name)
{
    for (size_t i = 0; i < all->count; i++) {
        if (strcmp(all->items[i].name, name) == 0)
            return &all->items[i];
    }
    return NULL;
}
