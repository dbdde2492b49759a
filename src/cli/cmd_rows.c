/*
 * cmd_rows.c - plain jobs requests, processes, results: the newest rows of the three tables
 */
#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/json_writer.h"
#include "cli/print.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000 };

static int bad_status(const char *text, plain_error *err)
{
    return error_set(err, PLAIN_E_INVALID, 201, "status",
                     "--status takes %s, %s, %s, %s or %s, and not \"%s\"", job_status_names[0],
                     job_status_names[1], job_status_names[2], job_status_names[3],
                     job_status_names[4], text);
}

static int read_filter(const struct arguments *args, struct row_filter *out, plain_error *err)
{
    const char *status = option_text(args, OPTION_STATUS);
    enum job_status number;
    int64_t limit = LIMIT_DEFAULT;
    int r = option_int(args, OPTION_LIMIT, "limit", 1, LIMIT_MAX, 201, &limit, err);

    if (r < 0)
        return r;
    if (status && !job_status_parse(status, &number))
        return bad_status(status, err);
    *out = (struct row_filter){.job_class = option_text(args, OPTION_CLASS),
                               .queue = option_text(args, OPTION_QUEUE),
                               .status = status ? job_status_names[number] : NULL,
                               .limit = (int)limit};
    return PLAIN_OK;
}

static int print_json(struct cli *cli, const char *member, const struct job_row *rows, size_t count,
                      plain_error *err)
{
    struct json_writer j;
    int r = PLAIN_OK;

    json_begin_document(&j, &cli->out);
    json_begin(&j, member, '[');
    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        print_row_json(&j, &rows[i]);
        r = cli_flush_some(cli, err);
    }
    json_end(&j, ']');
    json_end_document(&j);
    return r;
}

static int print_table(struct cli *cli, enum job_table table, const char *member, plain_error *err)
{
    struct row_filter filter;
    struct job_row *rows = NULL;
    struct store *store = NULL;
    size_t count = 0;
    int64_t now = 0; /* by the database's clock, as the rows' times are */
    int r = read_filter(&cli->args, &filter, err);

    if (r == PLAIN_OK)
        r = cli_store(cli, STORE_READ_ONLY, &store, err);
    if (r == PLAIN_OK)
        r = store->ops->list(store, table, &filter, &cli->arena, &rows, &count, err);
    if (r == PLAIN_OK)
        r = store->ops->now(store, &now, err);
    store_close(store);
    if (r < 0)
        return r;
    if (cli->json)
        return print_json(cli, member, rows, count, err);
    if (count > 0) {
        print_rows(cli, table, rows, count, now);
        put_cut(cli, count, filter.limit);
    } else if (cli->terminal)
        cli_say(cli, "There are no such %s.", member);
    return PLAIN_OK;
}

int cmd_requests(struct cli *cli, plain_error *err)
{
    return print_table(cli, TABLE_REQUEST, "requests", err);
}

int cmd_processes(struct cli *cli, plain_error *err)
{
    return print_table(cli, TABLE_PROCESS, "processes", err);
}

int cmd_results(struct cli *cli, plain_error *err)
{
    return print_table(cli, TABLE_RESULT, "results", err);
}
