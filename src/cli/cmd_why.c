/*
 * cmd_why.c - plain jobs why: what a job is waiting for
 *
 * Exit code 0 when it runs, has ended or will come by itself; 1 when somebody has to do something.
 */
#include <string.h>

#include "admin/moment.h"
#include "admin/worker_rows.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/json_writer.h"
#include "cli/print.h"
#include "queue/unserved.h"
#include "store/pause.h"

enum { REASONS_MAX = 8, TEXT_MAX = 16 * 1024 };

/* One thing that holds a job back, or the news that nothing does. */
struct reason {
    const char *word; /* for programs */
    const char *text; /* for people; in the arena */
    const char *fix;  /* a command that helps; NULL: nothing is to be done */
};

struct asking {
    struct cli *cli;
    struct store *store;
    const struct job_row *row; /* the last of the job */
    struct worker_view *workers;
    size_t worker_count;
    struct pause *pauses;
    size_t pause_count;
    int64_t now, ahead;
    struct reason reasons[REASONS_MAX];
    size_t count;
};

static struct reason *add(struct asking *w, const char *word, struct buf *text)
{
    struct reason *r = &w->reasons[w->count++];

    *r = (struct reason){.word = word, .text = arena_strdup(&w->cli->arena, text->data)};
    buf_release(text);
    return r;
}

static void put_age(struct buf *b, int64_t us)
{
    put_duration(b, us);
    buf_puts(b, " ago");
}

static void ended(struct asking *w)
{
    struct buf b = BUF_INIT(TEXT_MAX);

    buf_putf(&b, "it has ended: %s", row_state(w->row));
    if (w->row->ended_at != STORE_NO_TIME) {
        buf_puts(&b, ", ");
        put_age(&b, clock_since(w->now, w->row->ended_at));
    }
    (void)add(w, "ended", &b);
}

static void processing(struct asking *w)
{
    struct buf b = BUF_INIT(TEXT_MAX);
    const struct job_row *row = w->row;

    buf_puts(&b, "a worker has it: claimed ");
    put_age(&b, clock_since(w->now,
                            row->started_at == STORE_NO_TIME ? row->claimed_at : row->started_at));
    for (size_t i = 0; i < w->worker_count; i++) {
        const struct worker_view *v = &w->workers[i];

        if (memcmp(v->id.bytes, row->worker_id.bytes, sizeof(v->id.bytes)) == 0)
            buf_putf(&b, " by %s:%d%s", v->host, v->pid,
                     v->stale ? ", which is not heard of; its jobs are about to be rescued" : "");
    }
    (void)add(w, "processing", &b);
}

static void cancelling(struct asking *w)
{
    const struct job_row *row = w->row;

    if (row->cancel_at == STORE_NO_TIME)
        return;
    struct buf b = BUF_INIT(TEXT_MAX);
    buf_puts(&b, "it is being stopped: cancelled ");
    put_age(&b, clock_since(w->now, row->cancel_at));
    if (row->cancel_by && *row->cancel_by)
        buf_putf(&b, " by %s", row->cancel_by);
    (void)add(w, "cancelling", &b);
}

static void paused(struct asking *w, enum pause_kind kind, const char *name)
{
    const struct pause *p = pause_find(w->pauses, w->pause_count, kind, name);
    const char *word = kind == PAUSE_QUEUE ? "queue_paused" : "class_paused";
    struct buf b = BUF_INIT(TEXT_MAX);

    if (!p)
        return;
    buf_putf(&b, "%s %s is paused since ", pause_kind_names[kind], name);
    put_time(&b, p->at, w->cli->utc, false);
    if (p->by[0])
        buf_putf(&b, " by %s", p->by);
    if (p->reason[0])
        buf_putf(&b, ": \"%s\"", p->reason);
    add(w, word, &b)->fix =
        arena_printf(&w->cli->arena, "plain jobs resume --%s %s", pause_kind_names[kind],
                     shell_word(&w->cli->arena, p->name));
}

static void not_due(struct asking *w)
{
    int64_t due = row_due_at(w->row);
    struct buf b = BUF_INIT(TEXT_MAX);

    if (due <= w->now) {
        buf_release(&b);
        return;
    }
    buf_puts(&b, "it is not due until ");
    put_time(&b, due, w->cli->utc, false);
    buf_puts(&b, ", in ");
    put_duration(&b, due - w->now);
    if (w->row->run_no > 1)
        buf_putf(&b, " (run %d of the job)", w->row->run_no);
    (void)add(w, "not_due", &b);
}

static void unserved(struct asking *w)
{
    static const char *const words[] = {
        [NO_WORKER] = "no_worker", [NO_QUEUE] = "queue_unserved", [NO_CLASS] = "class_unserved"};
    const struct job_row *row = w->row;
    enum service lacks = service_of(w->workers, w->worker_count, row->queue, row->job_class);
    struct buf b = BUF_INIT(TEXT_MAX);
    const char *queue = shell_word(&w->cli->arena, row->queue);

    if (lacks == SERVED) {
        buf_release(&b);
        return;
    }
    if (lacks == NO_WORKER)
        buf_puts(&b, "no worker is running that takes new jobs");
    else if (lacks == NO_QUEUE)
        buf_putf(&b, "no worker works for queue %s", row->queue);
    else
        buf_putf(&b, "no worker for queue %s has the class %s", row->queue, row->job_class);
    add(w, words[lacks], &b)->fix =
        lacks == NO_CLASS ? "plain help PJ204"
                          : arena_printf(&w->cli->arena, "plain jobs worker --queue %s", queue);
}

/* It comes by itself, but no sooner than one of the jobs ends that its workers have. */
static void workers_are_busy(struct asking *w)
{
    struct takers t = takers_of(w->workers, w->worker_count, w->row->queue, w->row->job_class);

    if (!t.are_busy)
        return;
    struct buf b = BUF_INIT(TEXT_MAX);
    if (t.runners == 1)
        buf_puts(&b, "the only runner");
    else
        buf_putf(&b, "all %lld runners", (long long)t.runners);
    if (t.workers == 1)
        buf_puts(&b, " of the worker that takes it");
    else
        buf_putf(&b, " of the %lld workers that take it", (long long)t.workers);
    buf_puts(&b, t.runners == 1 ? " is busy" : " are busy");
    (void)add(w, "limit", &b);
}

/* Nothing holds it back: it waits its turn, or is about to start. */
static void waits_its_turn(struct asking *w)
{
    struct buf b = BUF_INIT(TEXT_MAX);
    bool many = w->ahead >= STORE_AHEAD_MAX;

    if (w->ahead > 0)
        buf_putf(&b, "%s%lld job%s of queue %s %s ahead of it", many ? "at least " : "",
                 (long long)w->ahead, w->ahead == 1 ? "" : "s", w->row->queue,
                 w->ahead == 1 ? "is" : "are");
    else
        buf_puts(&b, "it is the next of its queue, and starts when a runner is free");
    (void)add(w, w->ahead > 0 ? "ahead" : "next", &b);
}

/* No job waits for a key: while one has it, an enqueue with it is skipped. So this one may be what
 * others are skipped for. */
static void holds_its_key(struct asking *w)
{
    const struct job_row *row = w->row;

    if (row->key_shared || !row->concurrency_key || !row->concurrency_key[0])
        return;
    struct buf b = BUF_INIT(TEXT_MAX);
    buf_putf(&b,
             "it holds the key \"%s\" of %s: no other job of the class with that key is accepted "
             "until it has ended",
             row->concurrency_key, row->job_class);
    (void)add(w, "key", &b);
}

static void pending(struct asking *w)
{
    paused(w, PAUSE_QUEUE, w->row->queue);
    paused(w, PAUSE_CLASS, w->row->job_class);
    unserved(w);
    not_due(w);
    if (w->count == 0) {
        workers_are_busy(w);
        waits_its_turn(w);
    }
    holds_its_key(w);
}

static int find_all(struct asking *w, plain_error *err)
{
    const struct store_ops *ops = w->store->ops;
    struct arena *a = &w->cli->arena;
    struct job_row *rows = NULL;
    size_t count = 0;
    plain_uuid uuid;
    int r = read_uuid(w->cli, &uuid, err);

    if (r == PLAIN_OK)
        r = ops->find(w->store, &uuid, 1, a, &rows, &count, err);
    if (r == PLAIN_NONE || (r == PLAIN_OK && count == 0))
        return no_such_job(&uuid, err);
    if (r == PLAIN_OK)
        r = worker_rows(w->store, a, &w->workers, &w->worker_count, err);
    if (r == PLAIN_OK)
        r = ops->pauses(w->store, a, &w->pauses, &w->pause_count, err);
    if (r == PLAIN_OK)
        r = ops->now(w->store, &w->now, err);
    if (r != PLAIN_OK)
        return r;
    w->row = &rows[count - 1];
    if (w->row->table == TABLE_REQUEST)
        r = ops->count_ahead(w->store, &w->row->request_uuid, &w->ahead, err);
    return r;
}

static void print_json(struct cli *cli, const struct asking *w)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_put_uuid(&j, "uuid", &w->row->request_uuid);
    json_put_text(&j, "status", row_state(w->row));
    json_put_text(&j, "queue", w->row->queue);
    json_put_text(&j, "job_class", w->row->job_class);
    json_put_time(&j, "due_at", row_due_at(w->row));
    json_put_int(&j, "ahead", w->ahead);
    json_begin(&j, "reasons", '[');
    for (size_t i = 0; i < w->count; i++) {
        json_begin(&j, NULL, '{');
        json_put_text(&j, "reason", w->reasons[i].word);
        json_put_text(&j, "message", w->reasons[i].text);
        json_put_text(&j, "fix", w->reasons[i].fix);
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end_document(&j);
}

static void print_lines(struct cli *cli, const struct asking *w)
{
    for (size_t i = 0; i < w->count; i++) {
        buf_put_escaped(&cli->out, w->reasons[i].text ? w->reasons[i].text : "");
        buf_putc(&cli->out, '\n');
        if (w->reasons[i].fix) {
            buf_puts(&cli->out, "  -> ");
            buf_put_escaped(&cli->out, w->reasons[i].fix);
            buf_putc(&cli->out, '\n');
        }
    }
}

int cmd_why(struct cli *cli, plain_error *err)
{
    struct asking w = {.cli = cli};
    int r = cli_store(cli, STORE_READ_ONLY, &w.store, err);

    if (r == PLAIN_OK)
        r = find_all(&w, err);
    store_close(w.store);
    if (r < 0)
        return r;
    if (w.row->table == TABLE_RESULT) {
        ended(&w);
    } else if (w.row->table == TABLE_PROCESS) {
        processing(&w);
        cancelling(&w);
    } else {
        pending(&w);
    }
    for (size_t i = 0; i < w.count; i++)
        cli->exit_code = w.reasons[i].fix ? 1 : cli->exit_code;
    if (cli->json)
        print_json(cli, &w);
    else
        print_lines(cli, &w);
    return PLAIN_OK;
}
