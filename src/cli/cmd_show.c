/*
 * cmd_show.c - plain jobs show: the whole life of a job, attempt by attempt
 */
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/print.h"
#include "cli/terminal.h"
#include "queue/moment.h"

/* "  queue        default". text is released. */
static void put_labelled(struct cli *cli, const char *label, struct buf *text)
{
    enum { LABEL_COLUMNS = 12 };

    buf_putf(&cli->out, "  %-*s ", LABEL_COLUMNS, label);
    buf_put_escaped(&cli->out, text->data);
    buf_putc(&cli->out, '\n');
    buf_release(text);
}

/* The same, but what is empty is left out. */
static void put_line(struct cli *cli, const char *label, struct buf *text)
{
    if (text->len > 0)
        put_labelled(cli, label, text);
    else
        buf_release(text);
}

static void put_text_line(struct cli *cli, const char *label, const char *text)
{
    struct buf b = BUF_INIT(PARAMETERS_ROOM);

    buf_puts(&b, text ? text : "");
    put_line(cli, label, &b);
}

static void put_uuid_line(struct cli *cli, const char *label, const plain_uuid *uuid)
{
    char text[PLAIN_UUID_TEXT];

    put_text_line(cli, label, uuid_is_zero(uuid) ? NULL : plain_uuid_format(uuid, text));
}

/* A time, and in brackets how long after the one before it: "(waited 40 ms)". */
static void put_time_line(struct cli *cli, const char *label, int64_t at, const char *verb,
                          int64_t since)
{
    struct buf b = BUF_INIT(256);

    if (at != STORE_NO_TIME) {
        put_time(&b, at, cli->utc, true);
        if (since != STORE_NO_TIME) {
            buf_putf(&b, "  (%s ", verb);
            put_duration(&b, at - since);
            buf_putc(&b, ')');
        }
    }
    put_line(cli, label, &b);
}

/* A due time that is still to come says how far off it is. */
static void put_due_line(struct cli *cli, const struct job_row *row, int64_t now)
{
    struct buf b = BUF_INIT(256);
    int64_t due = row_due_at(row);

    put_time(&b, due, cli->utc, true);
    if (row->table == TABLE_REQUEST && due > now) {
        buf_puts(&b, "  (in ");
        put_duration(&b, clock_since(due, now));
        buf_putc(&b, ')');
    }
    put_line(cli, "due", &b);
}

static void put_worker(struct cli *cli, const struct job_row *row)
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
    put_line(cli, "worker", &b);
}

static void put_usage(struct cli *cli, const struct job_row *row)
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
    put_line(cli, "used", &b);
}

static void put_exit(struct cli *cli, const struct job_row *row)
{
    struct child_end end = {.exit_code = row->exit_code, .exit_signal = row->exit_signal};
    char text[64];

    if (row->exit_code >= 0 || row->exit_signal >= 0)
        put_text_line(cli, "ended by", child_end_text(&end, text, sizeof(text)));
}

/* A text line by line, so that only its own newlines break lines. */
static void put_lines(struct cli *cli, const char *label, const char *text)
{
    for (; *text; label = "") {
        size_t n = strcspn(text, "\n");
        struct buf line = BUF_INIT(PARAMETERS_ROOM);

        buf_put(&line, text, n);
        put_labelled(cli, label, &line);
        text += n + (text[n] == '\n');
    }
}

/* The text begins with type and message; a row of another program may have only these. */
static void put_error(struct cli *cli, const struct job_row *row)
{
    struct buf b = BUF_INIT(PARAMETERS_ROOM);

    if (row->error && *row->error) {
        put_lines(cli, "error", row->error);
        return;
    }
    if (row->error_type)
        buf_puts(&b, row->error_type);
    if (row->error_message && *row->error_message)
        buf_putf(&b, "%s%s", b.len > 0 ? ": " : "", row->error_message);
    put_line(cli, "error", &b);
}

/* Somebody wants its end: since when, and who. */
static void put_cancelling(struct cli *cli, const struct job_row *row, int64_t now)
{
    struct buf b = BUF_INIT(1024);

    if (row->cancel_at != STORE_NO_TIME) {
        put_time(&b, row->cancel_at, cli->utc, true);
        buf_puts(&b, "  (");
        put_duration(&b, clock_since(now, row->cancel_at));
        buf_puts(&b, " ago");
        if (row->cancel_by && *row->cancel_by)
            buf_putf(&b, " by %s", row->cancel_by);
        buf_putc(&b, ')');
    }
    put_line(cli, "cancelling", &b);
}

static void put_heading(struct cli *cli, const struct job_row *row)
{
    buf_putf(&cli->out, "\nRun %d, attempt ", row->run_no);
    put_attempt(&cli->out, row, " of ");
    buf_puts(&cli->out, ": ");
    paint_text(&cli->out, cli->colour, row_paint(row), row_state(row));
    buf_putc(&cli->out, '\n');
}

static void put_run(struct cli *cli, const struct job_row *row, int64_t now)
{
    bool running = row->table == TABLE_PROCESS && row->started_at != STORE_NO_TIME;

    put_heading(cli, row);
    put_uuid_line(cli, "request", &row->request_uuid);
    put_uuid_line(cli, "process", &row->token);
    put_uuid_line(cli, "retry of", &row->retry_of);
    put_time_line(cli, "requested", row->requested_at, "", STORE_NO_TIME);
    if (row->table != TABLE_RESULT) /* what ended does not know any more */
        put_due_line(cli, row, now);
    put_time_line(cli, "started", row->started_at, "waited", row_due_at(row));
    put_time_line(cli, "ended", row->ended_at, "ran", row->started_at);
    if (running)
        put_time_line(cli, "now", now, "running for", row->started_at);
    put_cancelling(cli, row, now);
    put_worker(cli, row);
    put_exit(cli, row);
    put_usage(cli, row);
    put_error(cli, row);
    put_lines(cli, "output", row->output ? row->output : "");
    put_uuid_line(cli, "continued by", &row->retry_request_uuid);
}

static int put_job(struct cli *cli, const struct job_row *rows, size_t count, int64_t now,
                   plain_error *err)
{
    const struct job_row *last = &rows[count - 1];
    struct buf b = BUF_INIT(PARAMETERS_ROOM);
    int r = PLAIN_OK;

    buf_puts(&cli->out, "Job ");
    paint_text(&cli->out, cli->colour, PAINT_BOLD, last->job_class);
    buf_puts(&cli->out, ": ");
    paint_text(&cli->out, cli->colour, row_paint(last), row_state(last));
    buf_putc(&cli->out, '\n');
    put_uuid_line(cli, "uuid", &last->root_uuid);
    put_text_line(cli, "queue", last->queue);
    buf_putf(&b, "%d", last->priority);
    put_line(cli, "priority", &b);
    buf_putf(&b, "%d", last->retries);
    put_line(cli, "retries", &b);
    put_text_line(cli, "key", last->concurrency_key);
    put_text_line(cli, "source", last->source);
    put_parameters(&b, last->parameters);
    put_line(cli, "parameters", &b);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        put_run(cli, &rows[i], now);
        r = cli_flush_some(cli, err);
    }
    return r;
}

static int print_json(struct cli *cli, const struct job_row *rows, size_t count, plain_error *err)
{
    const struct job_row *last = &rows[count - 1];
    struct json_writer j;
    int r = PLAIN_OK;

    json_begin_document(&j, &cli->out);
    json_put_uuid(&j, "uuid", &last->root_uuid);
    json_put_text(&j, "job_class", last->job_class);
    json_put_text(&j, "status", row_state(last));
    json_begin(&j, "attempts", '[');
    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        print_row_json(&j, &rows[i]);
        r = cli_flush_some(cli, err);
    }
    json_end(&j, ']');
    json_end_document(&j);
    return r;
}

int cmd_show(struct cli *cli, plain_error *err)
{
    struct job_row *rows = NULL;
    struct store *store = NULL;
    size_t count = 0;
    int64_t now = 0; /* by the database's clock, as the rows' times are */
    plain_uuid uuid;
    int r = read_uuid(cli, &uuid, err);

    if (r == PLAIN_OK)
        r = cli_store(cli, STORE_READ_ONLY, &store, err);
    if (r == PLAIN_OK)
        r = store->ops->find(store, &uuid, &cli->arena, &rows, &count, err);
    if (r == PLAIN_OK)
        r = store->ops->now(store, &now, err);
    store_close(store);
    if (r < 0)
        return r;
    if (r == PLAIN_NONE || count == 0)
        return no_such_job(&uuid, err);
    return cli->json ? print_json(cli, rows, count, err) : put_job(cli, rows, count, now, err);
}
