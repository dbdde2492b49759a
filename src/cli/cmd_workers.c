/*
 * cmd_workers.c - plain jobs workers, quiet, stop: who works, and asking one to end
 */
#include <stdio.h>

#include <plain/jobs/operators.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/table.h"
#include "cli/who.h"
#include "queue/moment.h"
#include "worker/worker_rows.h"

static enum paint paint_of(const struct worker_view *w)
{
    if (w->stale)
        return PAINT_RED;
    return w->wish == WISH_NONE ? PAINT_GREEN : PAINT_YELLOW;
}

static int find_workers(struct cli *cli, struct store *store, struct worker_view **workers,
                        size_t *count, int64_t *now, plain_error *err)
{
    int r = worker_rows(store, &cli->arena, workers, count, err);

    return r == PLAIN_OK ? store->ops->now(store, now, err) : r;
}

static void add_names(struct table *t, const char *const *names, size_t count)
{
    struct buf b = BUF_INIT((size_t)64 * 1024);

    for (size_t i = 0; i < count; i++)
        buf_putf(&b, "%s%s", i ? " " : "", names[i]);
    table_add(t, PAINT_NONE, b.data);
    buf_release(&b);
}

static void add_age(struct table *t, int64_t us)
{
    struct buf b = BUF_INIT(64);

    put_duration(&b, us);
    table_add(t, PAINT_NONE, b.data);
    buf_release(&b);
}

static void add_worker(struct table *t, const struct worker_view *w, int64_t now, struct arena *a)
{
    char id[PLAIN_UUID_TEXT];
    const char *place = arena_printf(a, "%s:%d", w->host, w->pid);
    const char *jobs = w->capacity < 0
                           ? arena_printf(a, "%lld", (long long)w->running)
                           : arena_printf(a, "%lld/%d", (long long)w->running, w->capacity);

    table_add(t, PAINT_BOLD, plain_uuid_format(&w->id, id));
    table_add(t, PAINT_NONE, place ? place : "");
    add_names(t, w->queues, w->queue_count);
    table_add(t, PAINT_NONE, jobs ? jobs : "");
    add_age(t, clock_since(now, w->started_at));
    add_age(t, clock_since(now, w->last_heartbeat_at));
    table_add(t, PAINT_NONE, w->version ? w->version : "");
    table_add(t, paint_of(w), worker_state(w));
}

static void print_table(struct cli *cli, const struct worker_view *workers, size_t count,
                        int64_t now)
{
    static const struct table_column columns[] = {
        {"WORKER", false}, {"HOST:PID", false}, {"QUEUES", false},  {"JOBS", true},
        {"UP", true},      {"HEARTBEAT", true}, {"VERSION", false}, {"STATE", false}};
    struct table t;

    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), count);
    for (size_t i = 0; i < count; i++)
        add_worker(&t, &workers[i], now, &cli->arena);
    table_print(&t, cli->colour, &cli->out);
}

static void put_names(struct json_writer *j, const char *key, const char *const *names,
                      size_t count)
{
    json_begin(j, key, '[');
    for (size_t i = 0; i < count; i++)
        json_put_text(j, NULL, names[i]);
    json_end(j, ']');
}

static void print_json(struct cli *cli, const struct worker_view *workers, size_t count)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_begin(&j, "workers", '[');
    for (size_t i = 0; i < count; i++) {
        const struct worker_view *w = &workers[i];

        json_begin(&j, NULL, '{');
        json_put_uuid(&j, "worker_id", &w->id);
        json_put_text(&j, "host", w->host);
        json_put_int(&j, "pid", w->pid);
        put_names(&j, "queues", w->queues, w->queue_count);
        if (w->tells_classes)
            put_names(&j, "classes", w->classes, w->class_count);
        else
            json_put_null(&j, "classes");
        if (w->capacity >= 0)
            json_put_int(&j, "capacity", w->capacity);
        else
            json_put_null(&j, "capacity");
        json_put_int(&j, "running", w->running);
        json_put_time(&j, "started_at", w->started_at);
        json_put_time(&j, "last_heartbeat_at", w->last_heartbeat_at);
        json_put_int(&j, "lease_ms", w->lease_ms);
        json_put_text(&j, "version", w->version);
        json_put_text(&j, "state", worker_state(w));
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end_document(&j);
}

int cmd_workers(struct cli *cli, plain_error *err)
{
    struct worker_view *workers = NULL;
    struct store *store = NULL;
    size_t count = 0;
    int64_t now = 0;
    int r = cli_store(cli, STORE_READ_ONLY, &store, err);

    if (r == PLAIN_OK)
        r = find_workers(cli, store, &workers, &count, &now, err);
    store_close(store);
    if (r < 0)
        return r;
    if (cli->json)
        print_json(cli, workers, count);
    else if (count > 0)
        print_table(cli, workers, count, now);
    else
        cli_say(cli, "No worker is running. Start one: `plain jobs worker`");
    return PLAIN_OK;
}

/*
 * Asking one.
 */

static void print_asked(struct cli *cli, const plain_uuid *worker, enum worker_wish wish)
{
    char id[PLAIN_UUID_TEXT];
    struct json_writer j;

    if (!cli->json) {
        buf_putf(&cli->out, "asked worker %s to %s\n", plain_uuid_format(worker, id),
                 wish == WISH_STOP ? "stop" : "be quiet");
        return;
    }
    json_begin_document(&j, &cli->out);
    json_put_uuid(&j, "worker_id", worker);
    json_put_text(&j, "asked", worker_wish_names[wish]);
    json_end_document(&j);
}

static int ask_worker(struct cli *cli, enum worker_wish wish, plain_error *err)
{
    const char *name = cli->args.operands[0], *by = who_am_i(&cli->arena);
    plain_jobs *jobs = NULL;
    plain_uuid id;
    int r = by ? cli_jobs(cli, &jobs, err) : error_nomem(err);

    if (r == PLAIN_OK)
        r = wish == WISH_STOP ? plain_jobs_stop_worker(jobs, name, by, &id, err)
                              : plain_jobs_quiet_worker(jobs, name, by, &id, err);
    plain_jobs_close(jobs);
    if (r == PLAIN_OK)
        print_asked(cli, &id, wish);
    return r;
}

int cmd_quiet(struct cli *cli, plain_error *err)
{
    return ask_worker(cli, WISH_QUIET, err);
}

int cmd_stop(struct cli *cli, plain_error *err)
{
    return ask_worker(cli, WISH_STOP, err);
}
