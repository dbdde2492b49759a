/*
 * cmd_cancel.c - plain jobs cancel
 *
 * Each job is a transaction of its own, and one that cannot be cancelled is no reason to leave the
 * others alone: its error is told, and the first one is the exit code.
 */
#define _GNU_SOURCE
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/report.h"

enum { BY_SIZE = 256 };

/* "cli(root@job1)": who asks for it, for the result. */
static void who(char out[BY_SIZE])
{
    const struct passwd *user = getpwuid(getuid());
    char host[65] = "";

    (void)gethostname(host, sizeof(host) - 1);
    (void)snprintf(out, BY_SIZE, "cli(%.64s@%s)", user ? user->pw_name : "?", host);
}

/* The end that it had, as words. */
static int had_ended(struct cli *cli, struct store *store, const plain_uuid *uuid, plain_error *err)
{
    struct job_row *rows = NULL;
    size_t count = 0;
    char text[PLAIN_UUID_TEXT];
    int r = store->ops->find(store, uuid, &cli->arena, &rows, &count, err);

    if (r < 0)
        return r;
    const struct job_row *last = count > 0 ? &rows[count - 1] : NULL;
    return error_set(err, PLAIN_E_REFUSED, 506, "uuid", "job %s had ended%s%s",
                     plain_uuid_format(uuid, text), last && last->table == TABLE_RESULT ? " " : "",
                     last && last->table == TABLE_RESULT ? job_status_names[last->status] : "");
}

static void print_outcome(struct cli *cli, struct json_writer *j, const plain_uuid *uuid,
                          enum cancel_outcome outcome)
{
    const char *word = outcome == CANCEL_DONE ? "CANCELLED" : "STOPPING";
    char text[PLAIN_UUID_TEXT];

    if (cli->json) {
        json_begin(j, NULL, '{');
        json_put_uuid(j, "uuid", uuid);
        json_put_text(j, "state", word);
        json_end(j, '}');
    } else {
        buf_putf(&cli->out, "%s %s\n", plain_uuid_format(uuid, text), word);
    }
}

static int cancel(struct cli *cli, struct store *store, const char *word, struct json_writer *j,
                  plain_error *err)
{
    enum cancel_outcome outcome = CANCEL_ENDED;
    char by[BY_SIZE];
    plain_uuid uuid;
    int r = parse_uuid(word, &uuid, err);

    who(by);
    if (r == PLAIN_OK)
        r = store->ops->cancel(store, &uuid, by, &outcome, err);
    if (r == PLAIN_NONE)
        r = no_such_job(&uuid, err);
    else if (r == PLAIN_OK && outcome == CANCEL_ENDED)
        r = had_ended(cli, store, &uuid, err);
    if (r == PLAIN_OK)
        print_outcome(cli, j, &uuid, outcome);
    return r;
}

/* The first error is told by the caller, as every command's; the others here. */
static int cancel_all(struct cli *cli, struct store *store, struct json_writer *j, plain_error *err)
{
    int result = PLAIN_OK;

    for (size_t i = 0; i < cli->args.operand_count; i++) {
        plain_error one;
        int r = cancel(cli, store, cli->args.operands[i], j, &one);

        if (r < 0 && result < 0) {
            report_error(&one, cli->json, cli->colour_err);
        } else if (r < 0) {
            result = r;
            *err = one;
        }
    }
    return result;
}

int cmd_cancel(struct cli *cli, plain_error *err)
{
    struct json_writer j = {.out = &cli->out};
    struct store *store = NULL;
    int r = cli_store(cli, 0, &store, err);

    if (r < 0)
        return r;
    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_begin(&j, "jobs", '[');
    }
    r = cancel_all(cli, store, &j, err);
    store_close(store);
    if (cli->json) {
        json_end(&j, ']');
        json_end_document(&j);
    }
    return r;
}
