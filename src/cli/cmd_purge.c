/*
 * cmd_purge.c - plain jobs purge
 */
#include "base/error.h"
#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/who.h"

/* The words of the Python package plain.jobs, whose running jobs go without a result. */
static const char question[] =
    "Are you sure you want to clear all running and pending jobs? This will delete all current "
    "Jobs and JobRequests [y/N]: ";

static void print_deleted(struct cli *cli, int64_t requests, int64_t running)
{
    struct json_writer j;

    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_put_int(&j, "requests", requests);
        json_put_int(&j, "jobs", running);
        json_end_document(&j);
    } else {
        buf_putf(&cli->out, "Deleted %lld job requests\nDeleted %lld jobs\n", (long long)requests,
                 (long long)running);
    }
    if (running > 0)
        cli_say(cli,
                "%lld running jobs are being stopped; their end is CANCELLED. See `plain jobs "
                "processes`.",
                (long long)running);
}

/* Running jobs first, since what they end with would be a request again; then those that were
 * claimed meanwhile. A job that cannot be stopped now is no reason to keep the requests. */
static int purge(struct cli *cli, struct store *store, plain_error *err)
{
    const char *by = who_am_i(&cli->arena);
    int64_t requests = 0, running = 0, since = 0;
    int r = by ? store->ops->cancel_claimed(store, by, &running, err) : error_nomem(err);

    if (r == PLAIN_OK || r == PLAIN_E_BUSY)
        r = store->ops->purge(store, by, &requests, err);
    if (r == PLAIN_OK)
        r = store->ops->cancel_claimed(store, by, &since, err);
    running += since;
    if (r < 0 && (requests > 0 || running > 0))
        error_prefix(err,
                     "after %lld requests were deleted and %lld running jobs were told to end: ",
                     (long long)requests, (long long)running);
    if (r == PLAIN_OK)
        print_deleted(cli, requests, running);
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
