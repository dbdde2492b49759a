/*
 * cmd_stats.c - plain jobs stats
 */
#include <stdio.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/queue_counts.h"
#include "cli/table.h"
#include "cli/unserved_note.h"
#include "queue/moment.h"

/* The times for which ended attempts are told. */
enum { SPAN_HOUR, SPAN_DAY, SPANS };
static const struct {
    const char *member;
    int64_t us;
} spans[SPANS] = {
    [SPAN_HOUR] = {"last_hour", INT64_C(3600) * US_PER_S},
    [SPAN_DAY] = {"last_day", INT64_C(86400) * US_PER_S},
};

struct figures {
    struct store_stats stored;
    int64_t ended[SPANS][JOB_STATUS_COUNT];
    struct queue_stats *queues;
    size_t queue_count;
    struct unserved *unserved;
    size_t unserved_count;
    int64_t now; /* by the database's clock */
};

/* The Python package prints its five, in this order. */
static const struct word {
    const char *word;
    const char *member;
    enum job_status status;
    enum paint paint;
    bool original;
} words[] = {
    {"Successful", "successful", JOB_SUCCESSFUL, PAINT_GREEN, true},
    {"Errored", "errored", JOB_ERRORED, PAINT_RED, true},
    {"Lost", "lost", JOB_LOST, PAINT_RED, true},
    {"Deferred", "deferred", JOB_DEFERRED, PAINT_YELLOW, false},
    {"Cancelled", "cancelled", JOB_CANCELLED, PAINT_DIM, false},
};

static void print_lines(struct cli *cli, const struct store_stats *s)
{
    buf_putf(&cli->out, "Pending: %lld\nProcessing: %lld\n", (long long)s->pending,
             (long long)s->processing);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (words[i].original)
            buf_putf(&cli->out, "%s: %lld\n", words[i].word,
                     (long long)s->by_status[words[i].status]);
    }
}

/* most: where counting stopped; 0 for an exact number. */
static void add_number(struct table *t, int64_t n, int64_t most)
{
    char number[32];

    (void)snprintf(number, sizeof(number), "%s%lld", most && n >= most ? "\xE2\x89\xA5 " : "",
                   (long long)n);
    table_add(t, PAINT_NONE, number);
}

static void add_live(struct table *t, const char *word, enum paint paint, int64_t n)
{
    table_add(t, n ? paint : PAINT_NONE, word);
    add_number(t, n, STORE_COUNT_MAX);
    for (size_t span = 0; span < SPANS; span++)
        table_add(t, PAINT_NONE, "");
}

static void print_counts(struct cli *cli, const struct figures *f)
{
    static const struct table_column columns[] = {
        {"JOBS", false}, {"NOW", true}, {"LAST HOUR", true}, {"LAST 24 H", true}};
    struct table t;

    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), 2 + ARRAY_SIZE(words));
    add_live(&t, "Pending", PAINT_NONE, f->stored.pending);
    add_live(&t, "Processing", PAINT_BLUE, f->stored.processing);
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        const struct word *w = &words[i];

        table_add(&t, f->stored.by_status[w->status] ? w->paint : PAINT_NONE, w->word);
        add_number(&t, f->stored.by_status[w->status], 0);
        for (size_t span = 0; span < SPANS; span++)
            add_number(&t, f->ended[span][w->status], 0);
    }
    table_print(&t, cli->colour, &cli->out);
}

/* How long the first of the queue has been due. */
static void add_wait(struct table *t, const struct queue_stats *queue, int64_t now)
{
    struct buf wait = BUF_INIT(64);

    if (queue->due_at != STORE_NO_TIME && queue->due_at <= now)
        put_duration(&wait, clock_since(now, queue->due_at));
    table_add(t, PAINT_NONE, wait.data);
    buf_release(&wait);
}

static void print_queues(struct cli *cli, const struct figures *f)
{
    static const struct table_column columns[] = {
        {"QUEUE", false}, {"PENDING", true}, {"PROCESSING", true}, {"OLDEST WAITS", true}};
    struct table t;

    if (f->queue_count == 0)
        return;
    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), f->queue_count);
    for (size_t i = 0; i < f->queue_count; i++) {
        table_add(&t, PAINT_BOLD, f->queues[i].queue);
        add_number(&t, f->queues[i].pending, STORE_QUEUE_COUNT_MAX);
        add_number(&t, f->queues[i].processing, STORE_QUEUE_COUNT_MAX);
        add_wait(&t, &f->queues[i], f->now);
    }
    buf_putc(&cli->out, '\n');
    table_print(&t, cli->colour, &cli->out);
    if (f->queue_count == STORE_QUEUES_MAX)
        cli_say(cli, "Only the first %d queues by name are shown.", STORE_QUEUES_MAX);
}

static void put_by_status(struct json_writer *j, const int64_t by_status[JOB_STATUS_COUNT])
{
    for (size_t i = 0; i < ARRAY_SIZE(words); i++)
        json_put_int(j, words[i].member, by_status[words[i].status]);
}

static void put_queues(struct json_writer *j, const struct figures *f)
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

static void print_json(struct cli *cli, const struct figures *f)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_put_int(&j, "pending", f->stored.pending);
    json_put_int(&j, "processing", f->stored.processing);
    put_by_status(&j, f->stored.by_status);
    put_at_least(&j, f->stored.pending, f->stored.processing, STORE_COUNT_MAX);
    for (size_t span = 0; span < SPANS; span++) {
        json_begin(&j, spans[span].member, '{');
        put_by_status(&j, f->ended[span]);
        json_end(&j, '}');
    }
    put_queues(&j, f);
    put_unserved(&j, &cli->arena, f->unserved, f->unserved_count);
    json_end_document(&j);
}

/* What is shown beside its lines. */
static int find_more(struct cli *cli, struct store *store, struct figures *f, plain_error *err)
{
    const struct store_ops *ops = store->ops;
    int r = ops->now(store, &f->now, err);

    for (size_t span = 0; r == PLAIN_OK && span < SPANS; span++)
        r = ops->ended_since(store, f->now - spans[span].us, f->ended[span], err);
    if (r == PLAIN_OK)
        r = ops->queue_stats(store, &cli->arena, &f->queues, &f->queue_count, err);
    if (r == PLAIN_OK)
        r = find_unserved(store, &cli->arena, &f->unserved, &f->unserved_count, err);
    return r;
}

int cmd_stats(struct cli *cli, plain_error *err)
{
    struct figures f = {0};
    struct store *store = NULL;
    int r = cli_store(cli, STORE_READ_ONLY, &store, err);

    if (r == PLAIN_OK)
        r = store->ops->stats(store, &f.stored, err);
    if (r == PLAIN_OK && (cli->json || cli->terminal))
        r = find_more(cli, store, &f, err);
    store_close(store);
    if (r < 0)
        return r;
    if (cli->json) {
        print_json(cli, &f);
    } else if (cli->terminal) {
        print_counts(cli, &f);
        print_queues(cli, &f);
        say_unserved(cli, f.unserved, f.unserved_count);
    } else {
        print_lines(cli, &f.stored);
    }
    return PLAIN_OK;
}
