/*
 * cmd_workers.c - plain jobs workers, quiet, stop: who works, and asking one to end
 */
#include <plain/jobs/operators.h>

#include "admin/worker_rows.h"
#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"
#include "cli/who.h"

static int find_workers(struct cli *cli, struct store *store, struct worker_view **workers,
                        size_t *count, int64_t *now, plain_error *err)
{
    int r = worker_rows(store, &cli->arena, workers, count, err);

    return r == PLAIN_OK ? store->ops->now(store, now, err) : r;
}

static void print_table(struct cli *cli, const struct worker_view *workers, size_t count,
                        int64_t now)
{
    struct table t;

    worker_table(&t, &cli->arena, workers, count, now);
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
