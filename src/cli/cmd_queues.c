/*
 * cmd_queues.c - plain jobs queues: what waits, what runs, what is paused, who works for it
 */
#include "admin/queue_view.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/queue_counts.h"
#include "cli/table_print.h"
#include "store/pause.h"

/* Classes have no row of their own here, and of the queues of a pattern there may be none yet. */
static void print_other_pauses(struct cli *cli, const struct queue_view *q)
{
    for (size_t i = 0; i < q->pause_count; i++) {
        const struct pause *p = &q->pauses[i];

        if (p->kind == PAUSE_CLASS || pause_is_pattern(p))
            cli_say(cli, "%s %s %s paused%s%s%s%s", pause_is_pattern(p) ? "Queues" : "Class",
                    p->name, pause_is_pattern(p) ? "are" : "is", p->by[0] ? " by " : "", p->by,
                    p->reason[0] ? ": " : "", p->reason);
    }
}

static void put_pause(struct json_writer *j, const char *key, const struct pause *p)
{
    if (!p) {
        json_put_null(j, key);
        return;
    }
    json_begin(j, key, '{');
    json_put_text(j, "name", p->name);
    json_put_time(j, "at", p->at);
    json_put_text(j, "by", p->by);
    json_put_text(j, "reason", p->reason);
    json_end(j, '}');
}

static void put_number(struct json_writer *j, const char *key, int64_t n)
{
    if (n == QUEUE_NOT_KNOWN)
        json_put_null(j, key);
    else
        json_put_int(j, key, n);
}

static void print_json(struct cli *cli, const struct queue_view *q)
{
    int64_t processing = processing_in_all(q->rows, q->count);
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_begin(&j, "queues", '[');
    for (size_t i = 0; i < q->count; i++) {
        const struct queue_stats *row = &q->rows[i];

        json_begin(&j, NULL, '{');
        json_put_text(&j, "queue", row->queue);
        put_number(&j, "pending", row->pending);
        put_number(&j, "processing", row->processing);
        put_at_least(&j, row->pending, processing, STORE_QUEUE_COUNT_MAX);
        json_put_time(&j, "due_at", row->due_at);
        json_put_int(&j, "workers", queue_view_workers(q, row->queue));
        put_pause(&j, "paused", pause_find(q->pauses, q->pause_count, PAUSE_QUEUE, row->queue));
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_put_bool(&j, "cut", q->is_cut);
    json_begin(&j, "paused_classes", '[');
    for (size_t i = 0; i < q->pause_count; i++) {
        if (q->pauses[i].kind == PAUSE_CLASS)
            put_pause(&j, NULL, &q->pauses[i]);
    }
    json_end(&j, ']');
    json_begin(&j, "paused_patterns", '[');
    for (size_t i = 0; i < q->pause_count; i++) {
        if (pause_is_pattern(&q->pauses[i]))
            put_pause(&j, NULL, &q->pauses[i]);
    }
    json_end(&j, ']');
    json_end_document(&j);
}

int cmd_queues(struct cli *cli, plain_error *err)
{
    struct queue_view q = {0};
    struct table t;
    struct store *store = NULL;
    int r = cli_store(cli, STORE_READ_ONLY, &store, err);

    if (r == PLAIN_OK)
        r = queue_view_find(store, &cli->arena, &q, err);
    store_close(store);
    if (r < 0)
        return r;
    if (cli->json) {
        print_json(cli, &q);
        return PLAIN_OK;
    }
    if (q.count > 0) {
        queue_table(&t, &cli->arena, &q);
        table_print(&t, cli->colour, &cli->out);
    }
    if (q.is_cut)
        cli_say(cli, "Of the queues with jobs only the first %d by name are shown.",
                STORE_QUEUES_MAX);
    print_other_pauses(cli, &q);
    return PLAIN_OK;
}
