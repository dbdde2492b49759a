/*
 * cmd_retry.c - plain jobs retry
 */
#include <plain/jobs/operators.h>

#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/print.h"
#include "cli/who.h"

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
    const char *by = who_am_i(&cli->arena);
    plain_request request = {0};
    plain_jobs *jobs = NULL;
    plain_uuid uuid;
    int r = by ? read_uuid(cli, &uuid, err) : error_nomem(err);

    if (r == PLAIN_OK)
        r = cli_jobs(cli, &jobs, err);
    if (r == PLAIN_OK)
        r = plain_jobs_retry(jobs, &uuid, by, &request, err);
    plain_jobs_close(jobs);
    if (r >= 0)
        print_request(cli, &request, r == PLAIN_SKIPPED);
    return r;
}
