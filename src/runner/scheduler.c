#include "runner/scheduler.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/registry.h"
#include "queue/slots.h"
#include "runner/module.h"
#include "runner/runner.h"

enum {
    VARIABLE_MAX = 100 * 1024,
    ARGUMENTS = 5,
    KEEP_LEAST_DAYS = 30, /* of slots; and at least twice as long as results */
    NAP_FILE_MS = 500,    /* the clock of a file is ours: asking it is free */
    NAPS_A_REVIEW = 10,
    NAP_SERVER_MS = 5000,  /* a server's may be put forward: then slots are this late */
    RETRY_FIRST_MS = 1000, /* after an error */
    RETRY_MAX_MS = 60 * 1000,
    LOOK_MAX_S = 90 /* a look that takes longer ends the process: it starts again */
};

/* A schedule that is seen to. */
struct item {
    const struct schedule *schedule;
    int64_t next_at; /* by the database's clock; INT64_MIN: at once */
    int64_t retry_us;
    unsigned failures;
    enum slots_state state; /* that was told */
};

struct scheduler {
    struct registry *registry;
    struct schedules schedules;
    struct item *items;
    size_t count;
    size_t first; /* of the items: another one with each start, should one of them be deadly */
    struct slots_looker looker;
    struct arena arena;
    bool is_lost; /* the database failed, and that was told */
    int64_t review_us;
};

static const char *variable(const char *name, const char *fallback)
{
    const char *value = getenv(name);

    return value && *value ? value : fallback;
}

struct schedule_sources scheduler_sources(const struct settings *settings)
{
    return (struct schedule_sources){
        .sections = settings_sections(settings, SECTION_SCHEDULE),
        .setting = settings_text(settings, SETTING_JOBS_SCHEDULE),
        .timezone = settings_text(settings, SETTING_TIME_ZONE),
    };
}

int scheduler_hand_over(const struct settings *settings, plain_error *err)
{
    const struct schedule_sources s = scheduler_sources(settings);
    int64_t keep = 2 * settings_duration_ms(settings, SETTING_JOBS_RESULTS_RETENTION);
    int64_t least = KEEP_LEAST_DAYS * PLAIN_DAYS(1);
    char keep_text[32];
    int r = schedules_check_setting(s.setting, err);

    if (r < 0)
        return r;
    if (strlen(s.sections) > VARIABLE_MAX || strlen(s.setting) > VARIABLE_MAX)
        return error_set(err, PLAIN_E_INVALID, 202, "schedule",
                         "the schedules of plain.conf or JOBS_SCHEDULE are larger than %d bytes "
                         "together",
                         VARIABLE_MAX);
    (void)snprintf(keep_text, sizeof(keep_text), "%" PRId64,
                   keep == 0      ? 0
                   : keep < least ? least
                                  : keep);
    if (setenv(RUNNER_SCHEDULES, s.sections, 1) != 0 ||
        setenv(RUNNER_JOBS_SCHEDULE, s.setting, 1) != 0 ||
        setenv(RUNNER_TIME_ZONE, s.timezone, 1) != 0 ||
        setenv(RUNNER_SLOTS_KEEP, keep_text, 1) != 0)
        return error_nomem(err);
    return PLAIN_OK;
}

struct schedule_sources scheduler_handed_over(void)
{
    return (struct schedule_sources){
        .sections = variable(RUNNER_SCHEDULES, "[]"),
        .setting = variable(RUNNER_JOBS_SCHEDULE, ""),
        .timezone = variable(RUNNER_TIME_ZONE, "UTC"),
    };
}

void scheduler_forget_handed_over(void)
{
    static const char *const names[] = {RUNNER_SCHEDULES, RUNNER_JOBS_SCHEDULE, RUNNER_TIME_ZONE,
                                        RUNNER_SLOTS_KEEP};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        (void)unsetenv(names[i]);
}

/* ---- start ---- */

static void tell_refused(const struct schedule *s)
{
    char code[16];

    (void)snprintf(code, sizeof(code), "PJ%d", s->error.pj);
    log_event(LOG_ERROR, "Schedule refused", LOG_TEXT("schedule", s->name),
              LOG_TEXT("origin", s->origin), LOG_TEXT("code", code),
              LOG_TEXT("error", s->error.message), LOG_TEXT("fix", s->error.fix));
}

static int collect(struct scheduler *d, plain_error *err)
{
    const struct schedule_sources sources = scheduler_handed_over();
    int r = schedules_add_commands(d->registry, &sources, err);

    if (r == PLAIN_OK)
        r = schedules_collect(d->registry, &sources, &d->arena, &d->schedules, err);
    if (r < 0)
        return r;
    d->items = arena_array(&d->arena, d->schedules.count + 1, sizeof(*d->items));
    if (!d->items)
        return error_nomem(err);
    for (size_t i = 0; i < d->schedules.count; i++) {
        const struct schedule *s = &d->schedules.items[i];

        if (s->is_bad)
            tell_refused(s);
        else
            d->items[d->count++] = (struct item){.schedule = s, .next_at = INT64_MIN};
    }
    return PLAIN_OK;
}

static int load(struct scheduler *d, int argc, char **argv, const plain_module *own,
                plain_error *err)
{
    const char *sections = variable(RUNNER_SECTIONS, "[]");
    int r = own ? registry_add_module(d->registry, own, "this program", err) : PLAIN_OK;

    for (int i = 0; r == PLAIN_OK && i < argc; i++)
        r = module_load(d->registry, SCHEDULER_FD_MODULES + i, argv[i], err);
    if (r == PLAIN_OK)
        r = registry_take_sections(d->registry, sections, err);
    if (r == PLAIN_OK)
        r = registry_add_folder(d->registry, EXECUTABLES_FOLDER, err);
    return r == PLAIN_OK ? collect(d, err) : r;
}

/* ---- looking ---- */

static void tell_state(struct item *item, const struct slots_seen *seen)
{
    if (item->state == seen->state)
        return;
    if (seen->state == SLOTS_SUPERSEDED)
        log_event(LOG_WARNING, "Schedule superseded", LOG_TEXT("schedule", item->schedule->name),
                  LOG_TEXT("by", seen->by),
                  LOG_TEXT("reason", "a worker that started later has another definition: this one "
                                     "does not fire it any more"));
    else if (seen->state == SLOTS_PAUSED)
        log_event(LOG_INFO, "Schedule paused", LOG_TEXT("schedule", item->schedule->name),
                  LOG_TEXT("by", seen->by));
    else if (item->state != SLOTS_WAITING && seen->state == SLOTS_FINE)
        log_event(LOG_INFO, "Schedule resumed", LOG_TEXT("schedule", item->schedule->name));
    item->state = seen->state;
}

static void tell_slots(const struct item *item, const struct slots_seen *seen)
{
    char request[PLAIN_UUID_TEXT];

    if (seen->counts[SLOT_RUN] > 0)
        log_event(LOG_INFO, "Scheduling job", LOG_TEXT("schedule", item->schedule->name),
                  LOG_TEXT("job_class", item->schedule->entry->name),
                  LOG_TEXT("job_schedule", item->schedule->cron),
                  LOG_TEXT("job_request_uuid", plain_uuid_format(&seen->request, request)),
                  LOG_NUMBER("slots", seen->counts[SLOT_RUN]),
                  LOG_NUMBER("coalesced", seen->counts[SLOT_COALESCED]),
                  LOG_NUMBER("skipped", seen->counts[SLOT_SKIPPED]));
    else if (seen->counts[SLOT_SKIPPED] + seen->counts[SLOT_COALESCED] > 0)
        log_event(LOG_INFO, "Slots skipped", LOG_TEXT("schedule", item->schedule->name),
                  LOG_NUMBER("coalesced", seen->counts[SLOT_COALESCED]),
                  LOG_NUMBER("skipped", seen->counts[SLOT_SKIPPED]));
}

static void fail(struct scheduler *d, struct item *item, const plain_error *err)
{
    unsigned shift = item->failures < 6 ? item->failures : 6;
    int64_t delay = (int64_t)RETRY_FIRST_MS << shift;

    if (item->failures == 0 && !d->is_lost)
        log_event(LOG_ERROR, "Schedule not seen to", LOG_TEXT("schedule", item->schedule->name),
                  LOG_TEXT("error", err->message));
    d->is_lost = d->is_lost || err->code == PLAIN_E_UNREACHABLE;
    item->failures++;
    item->retry_us =
        clock_mono_us() + (delay < RETRY_MAX_MS ? delay : (int64_t)RETRY_MAX_MS) * US_PER_MS;
}

static void see(struct scheduler *d, struct item *item)
{
    struct slots_seen seen;
    plain_error err;

    (void)alarm(LOOK_MAX_S);
    int r = slots_see(&d->looker, item->schedule, &seen, &err);
    (void)alarm(0);
    tell_slots(item, &seen);
    if (r < 0) {
        fail(d, item, &err);
        return;
    }
    item->failures = 0;
    item->retry_us = 0;
    item->next_at = seen.next_at;
    d->is_lost = false;
    tell_state(item, &seen);
}

static int64_t nap_ms(const struct scheduler *d)
{
    return d->looker.store->ops->caps & STORE_FILE ? NAP_FILE_MS : NAP_SERVER_MS;
}

/* Other workers' words and pauses are noticed within a while, not with the next slot alone. */
static void review(struct scheduler *d)
{
    struct store *store = d->looker.store;
    struct arena a = ARENA_INIT;
    struct schedule_row *rows;
    size_t count = 0;

    if (clock_mono_us() < d->review_us)
        return;
    d->review_us = clock_mono_us() + NAPS_A_REVIEW * nap_ms(d) * US_PER_MS;
    if (store->ops->schedule_list(store, &a, &rows, &count, NULL) < 0)
        count = 0; /* what fails here fails at the next look, which tells it */
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < d->count; k++) {
            struct item *item = &d->items[k];
            bool is_paused = rows[i].paused_at != STORE_NO_TIME;

            if (strcmp(item->schedule->name, rows[i].definition.name) == 0 &&
                ((strcmp(item->schedule->hash, rows[i].definition.hash) != 0 &&
                  item->state != SLOTS_SUPERSEDED) ||
                 rows[i].removed_at != STORE_NO_TIME || is_paused != (item->state == SLOTS_PAUSED)))
                item->next_at = INT64_MIN;
        }
    }
    arena_release(&a);
}

/* Sees to what is due; returns the milliseconds until something is. */
static int64_t pass(struct scheduler *d)
{
    struct store *store = d->looker.store;
    int64_t now = 0, ms = nap_ms(d);
    plain_error err;

    if (store->ops->now(store, &now, &err) < 0) {
        if (!d->is_lost)
            log_event(LOG_ERROR, "Scheduler lost the database", LOG_TEXT("error", err.message));
        d->is_lost = true;
        return RETRY_FIRST_MS;
    }
    int64_t asked = clock_mono_us();
    review(d);
    for (size_t i = 0; i < d->count; i++) {
        struct item *item = &d->items[(d->first + i) % d->count];

        if (item->next_at <= now && item->retry_us <= clock_mono_us())
            see(d, item);
    }
    now += clock_mono_us() - asked;
    for (size_t i = 0; i < d->count; i++) {
        const struct item *item = &d->items[i];
        int64_t left = item->failures > 0 ? item->retry_us - clock_mono_us() : item->next_at - now;

        left = left > 0 ? left / US_PER_MS + 1 : 1;
        ms = left < ms ? left : ms;
    }
    return ms;
}

static int begin(struct scheduler *d, int argc, char **argv, const plain_module *own,
                 plain_error *err)
{
    int64_t restarts = 0, keep_ms = 0;

    (void)text_parse_int64(argv[2], 0, INT64_MAX, &d->looker.started_at);
    (void)text_parse_int64(argv[4], 0, INT32_MAX, &restarts);
    (void)text_parse_int64(variable(RUNNER_SLOTS_KEEP, "0"), 0, INT64_MAX / US_PER_MS, &keep_ms);
    d->looker.started_by = argv[3];
    d->looker.keep_us = keep_ms * US_PER_MS;
    d->registry = registry_new();
    int r = d->registry ? load(d, argc - ARGUMENTS, argv + ARGUMENTS, own, err) : error_nomem(err);
    if (r == PLAIN_OK)
        r = store_open(variable(SCHEDULER_URL, ""), 0, &d->looker.store, err);
    (void)unsetenv(SCHEDULER_URL);
    scheduler_forget_handed_over();
    if (r == PLAIN_OK)
        r = slots_forget_others(&d->looker, &d->schedules, err);
    d->first = d->count ? (size_t)restarts % d->count : 0;
    return r;
}

int scheduler_main(int argc, char **argv, const plain_module *own)
{
    struct scheduler d = {.arena = ARENA_INIT};
    plain_error err;

    if (argc < ARGUMENTS) {
        (void)fprintf(stderr, "%s is started by `plain jobs worker`, not by hand\n",
                      SCHEDULER_COMMAND);
        return 2;
    }
    int r = begin(&d, argc, argv, own, &err);
    if (r < 0)
        log_event(LOG_ERROR, "Scheduler not started", LOG_TEXT("error", err.message));
    else if (d.count > 0)
        log_event(LOG_INFO, "Seeing to schedules", LOG_NUMBER("schedules", (int64_t)d.count),
                  LOG_NUMBER("refused", (int64_t)(d.schedules.count - d.count)));
    while (r == PLAIN_OK && d.count > 0)
        (void)poll(NULL, 0, (int)pass(&d));
    store_close(d.looker.store);
    registry_free(d.registry);
    arena_release(&d.arena);
    return r < 0 ? EXIT_FAILURE : SCHEDULER_NOTHING_TO_DO;
}
