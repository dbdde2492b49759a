/*
 * cmd_verify.c - plain jobs verify: whether the tables keep what the queue guarantees
 */
#include <string.h>

#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"

/* What each check means. */
static const struct meaning {
    const char *check;
    const char *text;
} meanings[] = {
    {"ended_twice", "a request has more than one result"},
    {"two_states", "a job is in two places: pending, processing, ended"},
    {"successor_gone", "the request that continues this attempt is nowhere"},
    {"no_successor", "the attempt should have been continued, and was not"},
    {"wrong_link", "it continues an attempt that names another, or is not the next run of it"},
    {"key_leaked", "a concurrency key is held by a job that neither waits nor runs"},
    {"key_not_held", "the job's concurrency key is not held for it"},
    {"orphan", "its worker has no row; the next worker rescues it after a lease"},
    {"times", "the attempt ended before it started, or at no time"},
    {"counter", "the counter is not the number of results"},
};

static const char *meaning_of(const char *check)
{
    for (size_t i = 0; i < ARRAY_SIZE(meanings); i++) {
        if (strcmp(meanings[i].check, check) == 0)
            return meanings[i].text;
    }
    return "";
}

static bool is_counter(const struct finding *f)
{
    return uuid_is_zero(&f->uuid);
}

static void print_json(struct cli *cli, const struct finding *findings, size_t count)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_put_bool(&j, "sound", count == 0);
    json_begin(&j, "findings", '[');
    for (size_t i = 0; i < count; i++) {
        const struct finding *f = &findings[i];

        json_begin(&j, NULL, '{');
        json_put_text(&j, "check", f->check);
        json_put_text(&j, "message", meaning_of(f->check));
        json_put_uuid(&j, "uuid", &f->uuid);
        json_put_text(&j, is_counter(f) ? "status" : "job_class", f->job_class);
        if (is_counter(f)) {
            json_put_int(&j, "counted", f->counted);
            json_put_int(&j, "stored", f->stored);
        }
        json_end(&j, '}');
    }
    json_end(&j, ']');
    json_end_document(&j);
}

static void print_lines(struct cli *cli, const struct finding *findings, size_t count)
{
    char uuid[PLAIN_UUID_TEXT];

    for (size_t i = 0; i < count; i++) {
        const struct finding *f = &findings[i];

        buf_putf(&cli->out, "%s ", f->check);
        if (!is_counter(f))
            buf_putf(&cli->out, "%s ", plain_uuid_format(&f->uuid, uuid));
        buf_put_escaped(&cli->out, f->job_class ? f->job_class : "");
        if (is_counter(f))
            buf_putf(&cli->out, " %lld, stored %lld", (long long)f->counted, (long long)f->stored);
        buf_putf(&cli->out, ": %s\n", meaning_of(f->check));
    }
    if (count == 0)
        buf_puts(&cli->out, "The tables are sound.\n");
}

int cmd_verify(struct cli *cli, plain_error *err)
{
    struct finding *findings = NULL;
    struct store *store = NULL;
    size_t count = 0;
    int r = cli_store(cli, STORE_READ_ONLY, &store, err);

    if (r == PLAIN_OK)
        r = store->ops->verify(store, &cli->arena, &findings, &count, err);
    store_close(store);
    if (r < 0)
        return r;
    cli->exit_code = count > 0;
    if (cli->json)
        print_json(cli, findings, count);
    else
        print_lines(cli, findings, count);
    return PLAIN_OK;
}
