/*
 * cmd_retry.c - plain jobs retry
 */
#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/print.h"

/* The attempt that uuid means: itself, or the last of the job when uuid is a request's. rows are
 * the job's, in the order of its runs. */
static const struct job_row *attempt_meant(const struct job_row *rows, size_t count,
                                           const plain_uuid *uuid)
{
    for (size_t i = 0; i < count; i++) {
        if (uuid_equal(&rows[i].token, uuid))
            return &rows[i];
    }
    return &rows[count - 1];
}

static int still_alive(const struct job_row *row, plain_error *err)
{
    char uuid[PLAIN_UUID_TEXT];

    return error_set(err, PLAIN_E_REFUSED, 503, "uuid", "the job is %s (request %s)",
                     row->table == TABLE_REQUEST ? "pending" : "being processed",
                     plain_uuid_format(&row->request_uuid, uuid));
}

static int retry(struct cli *cli, struct store *store, plain_request *request, plain_error *err)
{
    struct job_row *rows = NULL;
    size_t count = 0;
    plain_uuid uuid, fresh = uuid_new();
    int r = read_uuid(cli, &uuid, err);

    if (r == PLAIN_OK)
        r = store->ops->find(store, &uuid, &cli->arena, &rows, &count, err);
    if (r < 0)
        return r;
    if (r == PLAIN_NONE || count == 0)
        return no_such_job(&uuid, err);
    const struct job_row *row = attempt_meant(rows, count, &uuid);
    if (row->table != TABLE_RESULT)
        return still_alive(row, err);
    r = store->ops->retry(store, &row->token, &fresh, request, err);
    return r == PLAIN_NONE ? no_such_job(&uuid, err) : r;
}

static void print_request(struct cli *cli, const plain_request *request, bool skipped)
{
    char text[PLAIN_UUID_TEXT];

    if (cli->json) {
        struct json_writer j;

        json_begin_document(&j, &cli->out);
        json_put_uuid(&j, "request", &request->uuid); /* zero, so null, when it was skipped */
        put_skipped(&j, skipped ? request : NULL);
        json_end_document(&j);
    } else if (!skipped) {
        buf_putf(&cli->out, "%s\n", plain_uuid_format(&request->uuid, text));
    }
    if (skipped)
        say_skipped(cli, request);
}

int cmd_retry(struct cli *cli, plain_error *err)
{
    plain_request request = {0};
    struct store *store = NULL;
    int r = cli_store(cli, 0, &store, err);

    if (r == PLAIN_OK)
        r = retry(cli, store, &request, err);
    store_close(store);
    if (r >= 0)
        print_request(cli, &request, r == PLAIN_SKIPPED);
    return r;
}
