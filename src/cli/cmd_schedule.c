/*
 * cmd_schedule.c - plain jobs schedule: what runs when, and run, pause, resume NAME
 *
 * The list is what the settings and classes here say, beside what the database has of it; schedules
 * that only the database has belong to workers elsewhere.
 */
#include <string.h>

#include "admin/moment.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"
#include "cli/who.h"
#include "core/class.h"
#include "queue/slots.h"
#include "runner/scheduler.h"
#include "schedule/words.h"
#include "schedule/zone.h"

enum { WORDS_MAX = 1000 };

struct view {
    struct cli *cli;
    struct registry *registry;
    struct schedules here;
    struct store *store;
    struct schedule_row *rows;
    size_t row_count;
    int64_t now;
    const char *by; /* who acts */
};

/* One schedule as it is shown. */
struct line {
    const struct schedule *here;    /* NULL: only the database has it */
    const struct schedule_row *row; /* &unseen: no worker has told it yet */
};

static const struct schedule_row unseen = {
    .definition = {.name = "", .hash = "", .cron = "", .timezone = "", .job_class = ""},
    .slot_at = STORE_NO_TIME,
    .paused_at = STORE_NO_TIME,
    .paused_by = "",
    .pause_reason = "",
    .removed_at = STORE_NO_TIME,
    .ledger_at = STORE_NO_TIME,
    .result_at = STORE_NO_TIME,
};

static int open_view(struct view *v, plain_error *err)
{
    int r = cli_registry(v->cli, &v->registry, err);

    if (r < 0)
        return r;
    const struct schedule_sources sources = scheduler_sources(v->cli->settings);
    r = schedules_collect(v->registry, &sources, &v->cli->arena, &v->here, err);
    if (r == PLAIN_OK)
        r = cli_store(v->cli, v->cli->args.operand_count > 0 ? 0 : STORE_READ_ONLY, &v->store, err);
    if (r == PLAIN_OK)
        r = v->store->ops->now(v->store, &v->now, err);
    if (r == PLAIN_OK)
        r = v->store->ops->schedule_list(v->store, &v->cli->arena, &v->rows, &v->row_count, err);
    return r;
}

static void close_view(struct view *v)
{
    store_close(v->store);
    registry_free(v->registry);
}

static const struct schedule_row *find_row(const struct view *v, const char *name)
{
    for (size_t i = 0; i < v->row_count; i++) {
        if (strcmp(v->rows[i].definition.name, name) == 0)
            return &v->rows[i];
    }
    return NULL;
}

static const char *cron_of(const struct line *l)
{
    const char *cron = l->here ? l->here->cron : l->row->definition.cron;

    return cron ? cron : "";
}

static const char *zone_of(const struct line *l)
{
    return l->here ? l->here->timezone : l->row->definition.timezone;
}

static const char *state_of(const struct line *l)
{
    if (l->here && l->here->is_bad)
        return "refused";
    if (l->row->paused_at != STORE_NO_TIME)
        return "paused";
    if (l->row->removed_at != STORE_NO_TIME)
        return "removed";
    if (!*l->row->definition.cron)
        return "new"; /* no worker has told it yet */
    if (!l->here)
        return "elsewhere";
    return strcmp(l->row->definition.hash, l->here->hash) == 0 ? "active" : "changed";
}

static bool is_parsed(const struct line *l, plain_schedule *out)
{
    return plain_schedule_parse(cron_of(l), out, NULL) == PLAIN_OK;
}

/* STORE_NO_TIME: never, or nobody knows. */
static int64_t next_at(const struct view *v, const struct line *l)
{
    int64_t after = l->row->slot_at > v->now ? l->row->slot_at : v->now, at;
    int dst = l->here ? l->here->dst : l->row->definition.dst;
    plain_schedule s;

    if (!is_parsed(l, &s) || plain_schedule_next(&s, zone_of(l), after, dst, &at, NULL) < 0)
        return STORE_NO_TIME;
    return at;
}

static const char *put_words(const struct line *l, struct buf *out)
{
    plain_schedule s;

    buf_reset(out);
    if (l->here && l->here->is_bad)
        buf_putf(out, "PJ%d: %s", l->here->error.pj, l->here->error.message);
    else if (is_parsed(l, &s))
        schedule_describe(&s, out);
    return out->data ? out->data : "";
}

/* "SUCCESSFUL 3 m ago", "SKIPPED: paused by ann" */
static const char *put_last(const struct view *v, const struct line *l, struct buf *out)
{
    const struct schedule_row *row = l->row;

    buf_reset(out);
    bool skipped = row->ledger_status && strcmp(row->ledger_status, "RUN") != 0;
    if (skipped) {
        buf_putf(out, "%s: %s", row->ledger_status, row->ledger_reason);
    } else if (row->is_busy) {
        buf_puts(out, "under way");
    } else if (row->result_status) {
        buf_putf(out, "%s ", row->result_status);
        put_duration(out, clock_since(v->now, row->result_at));
        buf_puts(out, " ago");
    }
    return out->data ? out->data : "";
}

static void add_row(const struct view *v, struct table *t, const struct line *l)
{
    struct buf text = BUF_INIT(WORDS_MAX), next = BUF_INIT(64);
    const char *state = state_of(l);
    bool is_bad = strcmp(state, "refused") == 0;
    const struct zone *zone;
    int64_t at = next_at(v, l);

    if (!is_bad && at != STORE_NO_TIME && zone_find(zone_of(l), &zone, NULL) == PLAIN_OK)
        put_zoned_time(&next, at, zone);
    table_add(t, PAINT_BOLD, l->here ? l->here->name : l->row->definition.name);
    table_add(t, PAINT_NONE, cron_of(l));
    table_add(t, is_bad ? PAINT_RED : PAINT_NONE, put_words(l, &text));
    table_add(t, PAINT_NONE, zone_of(l));
    table_add(t, PAINT_NONE, next.data ? next.data : "");
    table_add(t, PAINT_NONE, put_last(v, l, &text));
    table_add(t, PAINT_NONE, state);
    buf_release(&text);
    buf_release(&next);
}

static void put_json(const struct view *v, struct json_writer *j, const struct line *l)
{
    struct buf words = BUF_INIT(WORDS_MAX);
    const struct schedule_row *row = l->row;
    bool is_bad = l->here && l->here->is_bad;

    json_begin(j, NULL, '{');
    json_put_text(j, "name", l->here ? l->here->name : row->definition.name);
    json_put_text(j, "state", state_of(l));
    json_put_text(j, "origin", l->here ? l->here->origin : NULL);
    json_put_text(j, "job_class",
                  is_bad    ? NULL
                  : l->here ? l->here->entry->name
                            : row->definition.job_class);
    json_put_text(j, "cron", cron_of(l));
    json_put_text(j, "words", is_bad ? NULL : put_words(l, &words));
    json_put_text(j, "timezone", zone_of(l));
    json_put_time(j, "next", is_bad ? STORE_NO_TIME : next_at(v, l));
    json_put_text(j, "error", is_bad ? l->here->error.message : NULL);
    if (is_bad)
        json_put_int(j, "pj", l->here->error.pj);
    else
        json_put_null(j, "pj");
    json_put_time(j, "last_slot", row->ledger_at);
    json_put_text(j, "last_status", row->ledger_status);
    json_put_text(j, "last_reason", row->ledger_reason);
    json_put_uuid(j, "last_request", &row->last_request);
    json_put_bool(j, "running", row->is_busy);
    json_put_text(j, "last_result", row->result_status);
    json_put_time(j, "last_result_at", row->result_at);
    json_put_time(j, "paused_at", row->paused_at);
    json_put_text(j, "paused_by", *row->paused_by ? row->paused_by : NULL);
    json_put_text(j, "pause_reason", *row->pause_reason ? row->pause_reason : NULL);
    json_end(j, '}');
    buf_release(&words);
}

/* All lines: those of here, then those that only the database has and that are not removed. */
static struct line *make_lines(const struct view *v, size_t *count, plain_error *err)
{
    struct line *lines =
        arena_array(&v->cli->arena, v->here.count + v->row_count + 1, sizeof(*lines));

    *count = 0;
    if (!lines) {
        (void)error_nomem(err);
        return NULL;
    }
    for (size_t i = 0; i < v->here.count; i++) {
        const struct schedule_row *row = find_row(v, v->here.items[i].name);

        lines[(*count)++] = (struct line){&v->here.items[i], row ? row : &unseen};
    }
    for (size_t i = 0; i < v->row_count; i++) {
        if (v->rows[i].removed_at == STORE_NO_TIME &&
            !schedules_find(&v->here, v->rows[i].definition.name))
            lines[(*count)++] = (struct line){NULL, &v->rows[i]};
    }
    return lines;
}

static int print_list(const struct view *v, plain_error *err)
{
    static const struct table_column columns[] = {{"NAME", false}, {"CRON", false}, {"WHEN", false},
                                                  {"ZONE", false}, {"NEXT", false}, {"LAST", false},
                                                  {"STATE", false}};
    struct cli *cli = v->cli;
    struct json_writer j;
    struct table t;
    size_t count;
    struct line *lines = make_lines(v, &count, err);

    if (!lines)
        return PLAIN_E_NOMEM;
    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_begin(&j, "schedules", '[');
        for (size_t i = 0; i < count; i++)
            put_json(v, &j, &lines[i]);
        json_end(&j, ']');
        json_end_document(&j);
    } else if (count == 0) {
        cli_say(cli, "There are no schedules: write .schedule = \"0 9 * * *\" into a class, or "
                     "schedule NAME { ... } into plain.conf.");
    } else {
        table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), count);
        for (size_t i = 0; i < count; i++)
            add_row(v, &t, &lines[i]);
        table_print(&t, cli->colour, &cli->out);
    }
    return PLAIN_OK;
}

static int unknown(const struct view *v, const char *name, plain_error *err)
{
    const char **names = arena_array(&v->cli->arena, v->here.count + 1, sizeof(*names));

    (void)error_set(err, PLAIN_E_NOT_FOUND, 405, "schedule", "there is no schedule '%s'", name);
    for (size_t i = 0; names && i < v->here.count; i++)
        names[i] = v->here.items[i].name;
    const char *nearest = names ? text_nearest(name, names, v->here.count) : NULL;
    if (nearest)
        error_fix(err, "did you mean '%s'? see the names with `plain jobs schedule`", nearest);
    return PLAIN_E_NOT_FOUND;
}

/* request: what "run" made, or what was in its way when nothing changed; NULL for other actions. */
static void print_done(struct cli *cli, const char *name, const char *action, bool changed,
                       const plain_request *request)
{
    bool skipped = request && !changed;
    char uuid[PLAIN_UUID_TEXT];
    struct json_writer j;

    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_put_text(&j, "name", name);
        json_put_text(&j, "action", action);
        json_put_bool(&j, "changed", changed);
        json_put_uuid(&j, "request", request ? &request->uuid : &(plain_uuid){{0}});
        put_skipped(&j, skipped ? request : NULL);
        json_end_document(&j);
    } else if (request && changed) {
        buf_putf(&cli->out, "%s\n", plain_uuid_format(&request->uuid, uuid));
    } else if (!request) {
        buf_putf(&cli->out, "%s schedule ", action);
        buf_put_escaped(&cli->out, name);
        buf_putc(&cli->out, '\n');
    }
    if (skipped)
        say_skipped(cli, request);
}

static int run_now(const struct view *v, const char *name, plain_error *err)
{
    const struct schedule *s = schedules_find(&v->here, name);
    plain_request request = {0};

    if (!s)
        return unknown(v, name, err);
    if (s->is_bad) {
        *err = s->error;
        return err->code;
    }
    int r = slots_run_by_hand(v->store, s, v->by, &request, err);
    if (r == PLAIN_E_UNREACHABLE && !uuid_is_zero(&request.uuid))
        say_unknown(&request.uuid, err);
    if (r < 0)
        return r;
    print_done(v->cli, name, "run", r == PLAIN_OK, &request);
    if (cli_flush(v->cli, err) < 0) { /* who repeated the command would have two */
        if (r == PLAIN_OK)
            say_not_printed(&request.uuid, 1, 1, err);
        return err->code;
    }
    return r;
}

static int pause_it(const struct view *v, const char *name, plain_error *err)
{
    const char *reason = option_text(&v->cli->args, OPTION_REASON);

    if (!schedules_find(&v->here, name) && !find_row(v, name))
        return unknown(v, name, err);
    if (reason && class_text_fault(reason, true))
        return error_set(err, PLAIN_E_INVALID, 201, "reason",
                         "--reason takes up to 255 bytes of text without control characters");
    int r = v->store->ops->schedule_pause(v->store, name, v->by, reason ? reason : "", v->now, err);
    if (r < 0)
        return r;
    print_done(v->cli, name, "paused", r == PLAIN_OK, NULL);
    if (r == PLAIN_SKIPPED)
        cli_say(v->cli, "It was paused already.");
    return PLAIN_OK;
}

static int resume_it(const struct view *v, const char *name, plain_error *err)
{
    if (!schedules_find(&v->here, name) && !find_row(v, name))
        return unknown(v, name, err);
    int r = v->store->ops->schedule_resume(v->store, name, v->by, v->now, err);
    if (r < 0)
        return r;
    print_done(v->cli, name, "resumed", r == PLAIN_OK, NULL);
    if (r == PLAIN_NONE)
        cli_say(v->cli, "It was not paused.");
    return PLAIN_OK;
}

static int act(const struct view *v, plain_error *err)
{
    static const struct {
        const char *word;
        int (*run)(const struct view *v, const char *name, plain_error *err);
    } actions[] = {{"run", run_now}, {"pause", pause_it}, {"resume", resume_it}};
    const struct arguments *args = &v->cli->args;

    if (option_given(args, OPTION_REASON) &&
        (args->operand_count == 0 || strcmp(args->operands[0], "pause") != 0))
        return error_set(err, PLAIN_E_INVALID, 201, "reason", "--reason is for pause");
    if (args->operand_count == 0)
        return print_list(v, err);
    for (size_t i = 0; args->operand_count == 2 && i < ARRAY_SIZE(actions); i++) {
        if (strcmp(args->operands[0], actions[i].word) == 0)
            return actions[i].run(v, args->operands[1], err);
    }
    (void)error_set(err, PLAIN_E_INVALID, 201, "action",
                    "schedule takes nothing, or one of run, pause and resume and a NAME");
    error_fix(err, "plain jobs schedule run NAME");
    return PLAIN_E_INVALID;
}

int cmd_schedule(struct cli *cli, plain_error *err)
{
    struct view v = {.cli = cli, .by = who_am_i(&cli->arena)};

    if (!v.by)
        return error_nomem(err);
    int r = open_view(&v, err);

    if (r == PLAIN_OK)
        r = act(&v, err);
    close_view(&v);
    return r;
}
