/*
 * cmd_enqueue.c - plain jobs enqueue
 *
 * Every value is checked by the library before it writes anything, so the first of --count finds
 * what is wrong with all of them.
 */
#include <signal.h>

#include <plain/jobs/queue.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/enqueue_from.h"
#include "cli/job_words.h"
#include "cli/unserved_note.h"

enum { COUNT_MAX = 1000000 };

struct order {
    const char *name;
    const plain_job_class *cls; /* NULL: an executable, or a class that is not here */
    const char *json;
    plain_options options;
    int64_t count;
};

/* A duration from now, or a moment. */
static int read_delay(const struct arguments *args, plain_options *options, plain_error *err)
{
    const char *text = option_text(args, OPTION_DELAY);

    if (!text || text_parse_duration_ms(text, &options->delay_ms) ||
        clock_parse(text, &options->start_at))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, 105, "delay",
                     "--delay takes a duration (60, 300ms, 5m, 2h, 7d) or a time "
                     "(2026-11-24T06:30:00Z), and not \"%s\"",
                     text);
}

static int read_timeout(const struct arguments *args, int64_t *out, plain_error *err)
{
    const char *text = option_text(args, OPTION_TIMEOUT);

    if (!text || (text_parse_duration_ms(text, out) && *out > 0))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, 105, "timeout",
                     "--timeout takes a duration above 0 (60, 300ms, 5m, 2h, 7d), and not \"%s\"",
                     text);
}

static int read_opt_int(const struct arguments *args, enum option_id id, const char *name,
                        int64_t least, int64_t most, plain_opt_int *out, plain_error *err)
{
    int64_t value = 0;
    int r = option_int(args, id, name, least, most, 105, &value, err);

    if (r == PLAIN_OK && option_given(args, id))
        *out = plain_int((int32_t)value);
    return r;
}

static int read_options(const struct arguments *args, struct order *order, plain_error *err)
{
    plain_options *o = &order->options;
    int r = read_delay(args, o, err);

    *o = (plain_options){.size = sizeof(*o),
                         .queue = option_text(args, OPTION_QUEUE),
                         .delay_ms = o->delay_ms,
                         .start_at = o->start_at,
                         .concurrency_key = option_text(args, OPTION_KEY),
                         .source = "plain jobs enqueue"};
    order->count = 1;
    if (r == PLAIN_OK)
        r = read_opt_int(args, OPTION_PRIORITY, "priority", -PLAIN_PRIORITY_MAX - 1,
                         PLAIN_PRIORITY_MAX, &o->priority, err);
    if (r == PLAIN_OK)
        r = read_opt_int(args, OPTION_RETRIES, "retries", 0, PLAIN_RETRIES_MAX, &o->retries, err);
    if (r == PLAIN_OK)
        r = read_timeout(args, &o->timeout_ms, err);
    if (r == PLAIN_OK)
        r = option_int(args, OPTION_COUNT_OF, "count", 1, COUNT_MAX, 201, &order->count, err);
    return r;
}

/* Finds out what the name means: a class, an executable, or neither. */
static int resolve(struct cli *cli, const struct registry *registry, struct order *order,
                   plain_error *err)
{
    const struct job_entry *entry = registry_find(registry, order->name);

    if (entry) {
        order->name = entry->name;
        order->cls = entry->cls;
    } else if (!option_given(&cli->args, OPTION_UNREGISTERED)) {
        return registry_unknown(registry, order->name, err);
    }
    return PLAIN_OK;
}

static int enqueue_one(plain_jobs *jobs, const struct order *order, plain_request *request,
                       plain_error *err)
{
    if (order->cls)
        return plain_run_in_worker_json(jobs, order->cls, order->json, &order->options, request,
                                        err);
    return plain_run_in_worker_by_name(jobs, order->name, order->json, &order->options, request,
                                       err);
}

/* Each uuid goes out at once: it is known even when a later one fails. */
static int print_uuid(struct cli *cli, struct json_writer *j, const plain_uuid *uuid,
                      plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    if (cli->json) {
        json_put_uuid(j, NULL, uuid);
        return PLAIN_OK;
    }
    buf_putf(&cli->out, "%s\n", plain_uuid_format(uuid, text));
    return cli_flush(cli, err);
}

static int enqueue_all(struct cli *cli, plain_jobs *jobs, const struct order *order,
                       struct json_writer *j, plain_request *request, plain_error *err)
{
    int r = PLAIN_OK;

    for (int64_t i = 0; r == PLAIN_OK && i < order->count; i++) {
        *request = (plain_request){0};
        r = enqueue_one(jobs, order, request, err);
        if (r == PLAIN_E_UNREACHABLE && !uuid_is_zero(&request->uuid))
            say_unknown(&request->uuid, err);
        if (r < 0 && i > 0)
            error_prefix(err, "after %lld of %lld jobs were enqueued: ", (long long)i,
                         (long long)order->count);
        if (r != PLAIN_OK)
            break;
        r = print_uuid(cli, j, &request->uuid, err);
        if (r < 0)
            say_not_printed(&request->uuid, i + 1, order->count, err);
    }
    return r;
}

static int enqueue(struct cli *cli, const struct order *order, plain_error *err)
{
    plain_jobs *jobs = NULL;
    plain_request request = {0};
    struct json_writer j = {.out = &cli->out};
    int r = cli_jobs(cli, &jobs, err);

    if (r < 0)
        return r;
    if (cli->json) {
        json_begin_document(&j, &cli->out);
        json_begin(&j, "requests", '[');
    }
    r = enqueue_all(cli, jobs, order, &j, &request, err);
    plain_jobs_close(jobs);
    if (cli->json) {
        json_end(&j, ']');
        put_skipped(&j, r == PLAIN_SKIPPED ? &request : NULL);
        json_end_document(&j);
    }
    if (cli->json && r == PLAIN_OK) {
        r = cli_flush(cli, err);
        if (r < 0)
            say_not_printed(&request.uuid, order->count, order->count, err);
    }
    if (r == PLAIN_SKIPPED)
        say_skipped(cli, &request);
    else if (r == PLAIN_OK)
        note_if_unserved(cli, &request.uuid, order->count);
    return r;
}

/* A file says all that is said otherwise by words and --params. */
static int check_from(const struct arguments *args, plain_error *err)
{
    bool is_said_twice = args->operand_count > 1 || option_given(args, OPTION_PARAMS) ||
                         option_given(args, OPTION_COUNT_OF);

    if (option_given(args, OPTION_FROM) && is_said_twice)
        return error_set(err, PLAIN_E_INVALID, 201, "from",
                         "with --from the parameters stand in the file: leave out name=value, "
                         "--params and --count");
    if (option_given(args, OPTION_PARTIAL) && !option_given(args, OPTION_FROM))
        return error_set(err, PLAIN_E_INVALID, 201, "partial", "--partial is for --from");
    return PLAIN_OK;
}

static int enqueue_words(struct cli *cli, struct order *order, plain_error *err)
{
    struct buf json = BUF_INIT(PARAMETERS_ROOM);
    int r = read_parameters(cli, order->cls, &json, err);

    order->json = json.data;
    if (r == PLAIN_OK)
        r = enqueue(cli, order, err);
    buf_release(&json);
    return r;
}

int cmd_enqueue(struct cli *cli, plain_error *err)
{
    struct order order = {.name = cli->args.operands[0]};
    struct registry *registry = NULL;
    int r = check_from(&cli->args, err);

    (void)signal(SIGPIPE, SIG_IGN); /* what was enqueued and not printed is told */
    if (r == PLAIN_OK)
        r = cli_registry(cli, &registry, err);
    if (r == PLAIN_OK)
        r = resolve(cli, registry, &order, err);
    if (r == PLAIN_OK)
        r = read_options(&cli->args, &order, err);
    if (r == PLAIN_OK && option_given(&cli->args, OPTION_FROM))
        r = enqueue_from(cli, order.name, order.cls, &order.options, err);
    else if (r == PLAIN_OK)
        r = enqueue_words(cli, &order, err);
    registry_free(registry);
    return r;
}
