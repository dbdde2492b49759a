/*
 * cmd_stats.c - plain jobs stats
 */
#include "admin/cells.h"
#include "admin/figures.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/queue_counts.h"
#include "cli/table_print.h"
#include "cli/unserved_note.h"

struct stats {
    struct figures figures;
    struct queue_stats *queues;
    size_t queue_count;
    struct unserved *unserved;
    size_t unserved_count;
};

static void print_lines(struct cli *cli, const struct store_stats *s)
{
    buf_putf(&cli->out, "Pending: %lld\nProcessing: %lld\n", (long long)s->pending,
             (long long)s->processing);
    for (size_t i = 0; i < JOB_STATUS_COUNT; i++) {
        if (figure_words[i].original)
            buf_putf(&cli->out, "%s: %lld\n", figure_words[i].word,
                     (long long)s->by_status[figure_words[i].status]);
    }
}

static void print_queues(struct cli *cli, const struct stats *f)
{
    static const struct table_column columns[] = {
        {"QUEUE", false}, {"PENDING", true}, {"PROCESSING", true}, {"OLDEST WAITS", true}};
    struct table t;

    if (f->queue_count == 0)
        return;
    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), f->queue_count);
    for (size_t i = 0; i < f->queue_count; i++) {
        table_add(&t, PAINT_BOLD, f->queues[i].queue);
        add_count(&t, f->queues[i].pending, STORE_QUEUE_COUNT_MAX);
        add_count(&t, f->queues[i].processing, STORE_QUEUE_COUNT_MAX);
        add_wait(&t, f->queues[i].due_at, f->figures.now);
    }
    buf_putc(&cli->out, '\n');
    table_print(&t, cli->colour, &cli->out);
    if (f->queue_count == STORE_QUEUES_MAX)
        cli_say(cli, "Only the first %d queues by name are shown.", STORE_QUEUES_MAX);
}

static void put_by_status(struct json_writer *j, const int64_t by_status[JOB_STATUS_COUNT])
{
    for (size_t i = 0; i < JOB_STATUS_COUNT; i++)
        json_put_int(j, figure_words[i].member, by_status[figure_words[i].status]);
}

static void put_queues(struct json_writer *j, const struct stats *f)
{
    int64_t processing = processing_in_all(f->queues, f->queue_count);

    json_begin(j, "queues", '[');
    for (size_t i = 0; i < f->queue_count; i++) {
        json_begin(j, NULL, '{');
        json_put_text(j, "queue", f->queues[i].queue);
        json_put_int(j, "pending", f->queues[i].pending);
        json_put_int(j, "processing", f->queues[i].processing);
        put_at_least(j, f->queues[i].pending, processing, STORE_QUEUE_COUNT_MAX);
        json_put_time(j, "due_at", f->queues[i].due_at);
        json_end(j, '}');
    }
    json_end(j, ']');
}

static void print_json(struct cli *cli, const struct stats *f)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_put_int(&j, "pending", f->figures.stored.pending);
    json_put_int(&j, "processing", f->figures.stored.processing);
    put_by_status(&j, f->figures.stored.by_status);
    put_at_least(&j, f->figures.stored.pending, f->figures.stored.processing, STORE_COUNT_MAX);
    for (size_t span = 0; span < FIGURE_SPANS; span++) {
        json_begin(&j, figure_spans[span].member, '{');
        put_by_status(&j, f->figures.ended[span]);
        json_end(&j, '}');
    }
    put_queues(&j, f);
    put_unserved(&j, &cli->arena, f->unserved, f->unserved_count);
    json_end_document(&j);
}

/* What is shown beside its lines. */
static int find_more(struct cli *cli, struct store *store, struct stats *f, plain_error *err)
{
    int r = figures_find_ended(store, &f->figures, err);

    if (r == PLAIN_OK)
        r = store->ops->queue_stats(store, &cli->arena, &f->queues, &f->queue_count, err);
    if (r == PLAIN_OK)
        r = find_unserved(store, &cli->arena, &f->unserved, &f->unserved_count, err);
    return r;
}

int cmd_stats(struct cli *cli, plain_error *err)
{
    struct stats f = {0};
    struct table t;
    struct store *store = NULL;
    int r = cli_store(cli, STORE_READ_ONLY, &store, err);

    if (r == PLAIN_OK)
        r = store->ops->stats(store, &f.figures.stored, err);
    if (r == PLAIN_OK && (cli->json || cli->terminal))
        r = find_more(cli, store, &f, err);
    store_close(store);
    if (r < 0)
        return r;
    if (cli->json) {
        print_json(cli, &f);
    } else if (cli->terminal) {
        figures_table(&t, &cli->arena, &f.figures);
        table_print(&t, cli->colour, &cli->out);
        print_queues(cli, &f);
        say_unserved(cli, f.unserved, f.unserved_count);
    } else {
        print_lines(cli, &f.figures.stored);
    }
    return PLAIN_OK;
}
