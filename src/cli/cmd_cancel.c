/*
 * cmd_cancel.c - plain jobs cancel, delete
 *
 * Each job is a transaction of its own, and one that cannot be cancelled or deleted is no reason to
 * leave the others alone: its error is told, and the first one is the exit code.
 */
#include <plain/jobs/operators.h>

#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/report.h"
#include "cli/who.h"
#include "queue/jobs.h"

/* What is done to each job; *state: what it is then. */
struct action {
    struct cli *cli;
    plain_jobs *jobs;
    const char *by;
    int (*act)(const struct action *a, const plain_uuid *uuid, const char **state,
               plain_error *err);
    struct json_writer json;
};

/* The end that it had, as words. */
static int had_ended(const struct action *a, const plain_uuid *uuid, plain_error *err)
{
    struct store *store = NULL;
    struct job_row *rows = NULL;
    size_t count = 0;
    char text[PLAIN_UUID_TEXT];
    int r = jobs_take_store(a->jobs, &store, err);

    if (r < 0)
        return r;
    r = store->ops->find(store, uuid, 1, &a->cli->arena, &rows, &count, err);
    jobs_give_store(a->jobs, store);
    if (r < 0)
        return r;
    const struct job_row *last = count > 0 ? &rows[count - 1] : NULL;
    return error_set(err, PLAIN_E_REFUSED, 506, "uuid", "job %s had ended%s%s",
                     plain_uuid_format(uuid, text), last && last->table == TABLE_RESULT ? " " : "",
                     last && last->table == TABLE_RESULT ? job_status_names[last->status] : "");
}

static int cancel(const struct action *a, const plain_uuid *uuid, const char **state,
                  plain_error *err)
{
    bool running = false;
    int r = plain_jobs_cancel(a->jobs, uuid, a->by, &running, err);

    *state = running ? "STOPPING" : "CANCELLED";
    return r == PLAIN_NONE ? had_ended(a, uuid, err) : r;
}

static int delete (const struct action *a, const plain_uuid *uuid, const char **state,
                   plain_error *err)
{
    bool running = false;
    int r = plain_jobs_delete(a->jobs, uuid, a->by, &running, err);

    *state = running ? "STOPPING" : "DELETED";
    return r;
}

static void print_state(struct action *a, const plain_uuid *uuid, const char *state)
{
    char text[PLAIN_UUID_TEXT];

    if (a->cli->json) {
        json_begin(&a->json, NULL, '{');
        json_put_uuid(&a->json, "uuid", uuid);
        json_put_text(&a->json, "state", state);
        json_end(&a->json, '}');
    } else {
        buf_putf(&a->cli->out, "%s %s\n", plain_uuid_format(uuid, text), state);
    }
}

static int do_one(struct action *a, const char *word, plain_error *err)
{
    const char *state = "";
    plain_uuid uuid;
    int r = parse_uuid(word, &uuid, err);

    if (r == PLAIN_OK)
        r = a->act(a, &uuid, &state, err);
    if (r == PLAIN_OK)
        print_state(a, &uuid, state);
    return r;
}

/* The first error is told by the caller, as every command's; the others here. */
static int do_all(struct action *a, plain_error *err)
{
    const struct cli *cli = a->cli;
    int result = PLAIN_OK;

    for (size_t i = 0; i < cli->args.operand_count; i++) {
        plain_error one;
        int r = do_one(a, cli->args.operands[i], &one);

        if (r < 0 && result < 0) {
            report_error(&one, cli->json, cli->colour_err);
        } else if (r < 0) {
            result = r;
            *err = one;
        }
    }
    return result;
}

static int run(struct action *a, plain_error *err)
{
    struct cli *cli = a->cli;

    a->by = who_am_i(&cli->arena);
    int r = a->by ? cli_jobs(cli, &a->jobs, err) : error_nomem(err);
    if (r < 0)
        return r;
    if (cli->json) {
        json_begin_document(&a->json, &cli->out);
        json_begin(&a->json, "jobs", '[');
    }
    r = do_all(a, err);
    plain_jobs_close(a->jobs);
    if (cli->json) {
        json_end(&a->json, ']');
        json_end_document(&a->json);
    }
    return r;
}

int cmd_cancel(struct cli *cli, plain_error *err)
{
    struct action a = {.cli = cli, .act = cancel};

    return run(&a, err);
}

int cmd_delete(struct cli *cli, plain_error *err)
{
    struct action a = {.cli = cli, .act = delete};

    return run(&a, err);
}
