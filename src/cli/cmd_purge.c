/*
 * cmd_purge.c - plain jobs purge
 */
#include "base/error.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"

/* The original's words. */
static const char question[] =
    "Are you sure you want to clear all running and pending jobs? This will delete all current "
    "Jobs and JobRequests [y/N]: ";

static void print_deleted(struct cli *cli, int64_t requests, int64_t processing)
{
    struct json_writer j;

    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_put_int(&j, "requests", requests);
        json_put_int(&j, "jobs", 0);
        json_put_int(&j, "left_alone", processing);
        json_end_document(&j);
    } else {
        buf_putf(&cli->out, "Deleted %lld job requests\nDeleted 0 jobs\n", (long long)requests);
    }
    if (processing > 0)
        cli_say(cli,
                "%lld jobs that workers have claimed were left alone: they run to their end. See "
                "`plain jobs processes`.",
                (long long)processing);
}

static int purge(struct cli *cli, struct store *store, plain_error *err)
{
    struct store_stats stats = {0};
    int64_t requests = 0;
    int r = store->ops->purge(store, &requests, err);

    if (r < 0 && requests > 0)
        error_prefix(err, "after %lld requests were deleted: ", (long long)requests);
    if (r == PLAIN_OK)
        r = store->ops->stats(store, &stats, err);
    if (r == PLAIN_OK)
        print_deleted(cli, requests, stats.processing);
    return r;
}

int cmd_purge(struct cli *cli, plain_error *err)
{
    struct store *store = NULL;
    bool yes = false;
    int r = cli_store(cli, 0, &store, err);

    if (r == PLAIN_OK)
        r = ask(cli, question, &yes, err);
    if (r == PLAIN_OK && yes)
        r = purge(cli, store, err);
    store_close(store);
    return r;
}
