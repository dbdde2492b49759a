/*
 * cmd_show.c - plain jobs show: the whole life of a job, attempt by attempt
 */
#include "admin/row_facts.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/print.h"
#include "cli/terminal.h"

/* "  queue        default" */
static void put_labelled(void *user, const char *label, const char *text)
{
    enum { LABEL_COLUMNS = 12 };
    struct cli *cli = user;

    buf_putf(&cli->out, "  %-*s ", LABEL_COLUMNS, label);
    buf_put_escaped(&cli->out, text);
    buf_putc(&cli->out, '\n');
}

static void put_heading(struct cli *cli, const struct job_row *row)
{
    buf_putf(&cli->out, "\nRun %d, attempt ", row->run_no);
    put_attempt(&cli->out, row, " of ");
    buf_puts(&cli->out, ": ");
    paint_text(&cli->out, cli->colour, row_paint(row), row_state(row));
    buf_putc(&cli->out, '\n');
}

static int put_job(struct cli *cli, const struct job_row *rows, size_t count, int64_t now,
                   plain_error *err)
{
    struct facts f = {.put = put_labelled, .user = cli, .utc = cli->utc};
    const struct job_row *last = &rows[count - 1];
    int r = PLAIN_OK;

    buf_puts(&cli->out, "Job ");
    paint_text(&cli->out, cli->colour, PAINT_BOLD, last->job_class);
    buf_puts(&cli->out, ": ");
    paint_text(&cli->out, cli->colour, row_paint(last), row_state(last));
    buf_putc(&cli->out, '\n');
    job_facts(&f, last);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        put_heading(cli, &rows[i]);
        row_facts(&f, &rows[i], now);
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
        r = store->ops->find(store, &uuid, 0, &cli->arena, &rows, &count, err);
    if (r == PLAIN_OK)
        r = store->ops->now(store, &now, err);
    store_close(store);
    if (r < 0)
        return r;
    if (r == PLAIN_NONE || count == 0)
        return no_such_job(&uuid, err);
    return cli->json ? print_json(cli, rows, count, err) : put_job(cli, rows, count, now, err);
}
