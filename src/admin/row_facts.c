#include "admin/row_facts.h"

#include <string.h>

#include "admin/moment.h"
#include "admin/row_words.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/uuid.h"

/* More than a row can hold, whoever wrote it with reason. */
enum { TEXT_ROOM = 64 * PLAIN_PARAMETERS_MAX };

/* What is empty is left out. text is released. */
static void put_line(struct facts *f, const char *label, struct buf *text)
{
    if (text->len > 0)
        f->put(f->user, label, text->data);
    buf_release(text);
}

static void put_text_line(struct facts *f, const char *label, const char *text)
{
    struct buf b = BUF_INIT(TEXT_ROOM);

    buf_puts(&b, text ? text : "");
    put_line(f, label, &b);
}

static void put_uuid_line(struct facts *f, const char *label, const plain_uuid *uuid)
{
    char text[PLAIN_UUID_TEXT];

    put_text_line(f, label, uuid_is_zero(uuid) ? NULL : plain_uuid_format(uuid, text));
}

/* A time, and in brackets how long after the one before it: "(waited 40 ms)". */
static void put_time_line(struct facts *f, const char *label, int64_t at, const char *verb,
                          int64_t since)
{
    struct buf b = BUF_INIT(256);

    if (at != STORE_NO_TIME) {
        put_time(&b, at, f->utc, true);
        if (since != STORE_NO_TIME) {
            buf_putf(&b, "  (%s ", verb);
            put_duration(&b, clock_since(at, since));
            buf_putc(&b, ')');
        }
    }
    put_line(f, label, &b);
}

/* A due time that is still to come says how far off it is. */
static void put_due_line(struct facts *f, const struct job_row *row, int64_t now)
{
    struct buf b = BUF_INIT(256);
    int64_t due = row_due_at(row);

    put_time(&b, due, f->utc, true);
    if (row->table == TABLE_REQUEST && due > now) {
        buf_puts(&b, "  (in ");
        put_duration(&b, clock_since(due, now));
        buf_putc(&b, ')');
    }
    put_line(f, "due", &b);
}

static void put_worker(struct facts *f, const struct job_row *row)
{
    struct buf b = BUF_INIT(1024);
    char id[PLAIN_UUID_TEXT];

    if (!uuid_is_zero(&row->worker_id))
        buf_puts(&b, plain_uuid_format(&row->worker_id, id));
    if (row->worker_host && *row->worker_host)
        buf_putf(&b, " on %s", row->worker_host);
    if (row->worker_pid > 0)
        buf_putf(&b, ", pid %d", row->worker_pid);
    if (row->runner_pid > 0)
        buf_putf(&b, ", runner %d", row->runner_pid);
    put_line(f, "worker", &b);
}

static void put_usage(struct facts *f, const struct job_row *row)
{
    struct buf b = BUF_INIT(256);

    if (row->cpu_us >= 0) {
        buf_puts(&b, "cpu ");
        put_duration(&b, row->cpu_us);
    }
    if (row->max_rss_kb >= 0)
        buf_putf(&b, "%smemory %lld.%lld MB", b.len > 0 ? ", " : "",
                 (long long)(row->max_rss_kb / 1024),
                 (long long)(row->max_rss_kb % 1024 * 10 / 1024));
    put_line(f, "used", &b);
}

static void put_exit(struct facts *f, const struct job_row *row)
{
    struct child_end end = {.exit_code = row->exit_code, .exit_signal = row->exit_signal};
    char text[64];

    if (row->exit_code >= 0 || row->exit_signal >= 0)
        put_text_line(f, "ended by", child_end_text(&end, text, sizeof(text)));
}

/* A text line by line, so that only its own newlines break lines. */
static void put_lines(struct facts *f, const char *label, const char *text)
{
    for (; *text; label = "") {
        size_t n = strcspn(text, "\n");
        struct buf line = BUF_INIT(TEXT_ROOM);

        buf_put(&line, text, n);
        f->put(f->user, label, line.data);
        buf_release(&line);
        text += n + (text[n] == '\n');
    }
}

/* The text begins with type and message; a row of another program may have only these. */
static void put_error(struct facts *f, const struct job_row *row)
{
    struct buf b = BUF_INIT(TEXT_ROOM);

    if (row->error && *row->error) {
        put_lines(f, "error", row->error);
        return;
    }
    if (row->error_type)
        buf_puts(&b, row->error_type);
    if (row->error_message && *row->error_message)
        buf_putf(&b, "%s%s", b.len > 0 ? ": " : "", row->error_message);
    put_line(f, "error", &b);
}

/* Somebody wants its end: since when, and who. */
static void put_cancelling(struct facts *f, const struct job_row *row, int64_t now)
{
    struct buf b = BUF_INIT(1024);

    if (row->cancel_at != STORE_NO_TIME) {
        put_time(&b, row->cancel_at, f->utc, true);
        buf_puts(&b, "  (");
        put_duration(&b, clock_since(now, row->cancel_at));
        buf_puts(&b, " ago");
        if (row->cancel_by && *row->cancel_by)
            buf_putf(&b, " by %s", row->cancel_by);
        buf_putc(&b, ')');
    }
    put_line(f, "cancelling", &b);
}

void row_facts(struct facts *f, const struct job_row *row, int64_t now)
{
    bool running = row->table == TABLE_PROCESS && row->started_at != STORE_NO_TIME;

    put_uuid_line(f, "request", &row->request_uuid);
    put_uuid_line(f, "process", &row->token);
    put_uuid_line(f, "retry of", &row->retry_of);
    put_time_line(f, "requested", row->requested_at, "", STORE_NO_TIME);
    if (row->table != TABLE_RESULT) /* what ended does not know any more */
        put_due_line(f, row, now);
    put_time_line(f, "started", row->started_at, "waited", row_due_at(row));
    put_time_line(f, "ended", row->ended_at, "ran", row->started_at);
    if (running)
        put_time_line(f, "now", now, "running for", row->started_at);
    put_cancelling(f, row, now);
    put_worker(f, row);
    put_exit(f, row);
    put_usage(f, row);
    put_error(f, row);
    put_lines(f, "output", row->output ? row->output : "");
    put_uuid_line(f, "continued by", &row->retry_request_uuid);
}

void job_facts(struct facts *f, const struct job_row *last)
{
    struct buf b = BUF_INIT(TEXT_ROOM);

    put_uuid_line(f, "uuid", &last->root_uuid);
    put_text_line(f, "queue", last->queue);
    buf_putf(&b, "%d", last->priority);
    put_line(f, "priority", &b);
    buf_putf(&b, "%d", last->retries);
    put_line(f, "retries", &b);
    put_text_line(f, "key", last->concurrency_key);
    put_text_line(f, "source", last->source);
    put_parameters(&b, last->parameters);
    put_line(f, "parameters", &b);
}
