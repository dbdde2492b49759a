/*
 * cmd_clear.c - plain jobs clear
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/who.h"
#include "queue/slice.h"

/* How old a result has to be, in ms; PLAIN_NONE when they are kept for ever. */
static int read_age(struct cli *cli, int64_t *ms, plain_error *err)
{
    const char *text = option_text(&cli->args, OPTION_OLDER_THAN);
    int r = cli_settings(cli, err);

    if (r < 0)
        return r;
    if (!text) {
        *ms = settings_duration_ms(cli->settings, SETTING_JOBS_RESULTS_RETENTION);
        return *ms > 0 ? PLAIN_OK : PLAIN_NONE;
    }
    if (text_parse_duration_ms(text, ms))
        return PLAIN_OK;
    return error_set(err, PLAIN_E_INVALID, 201, "older-than",
                     "--older-than takes a duration (3600, 90m, 36h, 7d), and not \"%s\"", text);
}

/* By the database's clock; nothing is older than 1970. */
static int find_bound(struct store *store, int64_t age_ms, int64_t *before, plain_error *err)
{
    int64_t now = 0;
    int r = store->ops->now(store, &now, err);

    *before = age_ms < now / US_PER_MS ? now - age_ms * US_PER_MS : 0;
    return r;
}

/* "2026-11-23 10:00:00.123456+00:00", as the Python package writes it. */
static void put_bound(struct buf *b, int64_t us)
{
    char text[CLOCK_TEXT_SIZE];

    (void)clock_format(us, text);
    buf_putf(b, "%.10s %.15s+00:00", text, text + 11);
}

static int delete_all(struct store *store, int64_t before, int64_t *deleted, plain_error *err)
{
    struct slice slice = SLICE_INIT;
    bool more = true;
    int r = PLAIN_OK;

    while (r == PLAIN_OK && more)
        r = slice_clear(&slice, store, before, deleted, &more, err);
    if (r < 0 && *deleted > 0)
        error_prefix(err, "after %lld results were deleted: ", (long long)*deleted);
    return r;
}

/* What workers delete is not noted: they do what the settings say. */
static int note(struct cli *cli, struct store *store, int64_t before, int64_t deleted,
                plain_error *err)
{
    struct buf detail = BUF_INIT(256);
    const char *by = who_am_i(&cli->arena);

    buf_puts(&detail, "results before ");
    put_bound(&detail, before);
    const struct audit_row row = {
        .actor = by, .action = "clear", .target = "*", .detail = detail.data, .n = deleted};
    int r = by ? store->ops->note(store, &row, err) : error_nomem(err);
    buf_release(&detail);
    return r;
}

static int clear(struct cli *cli, struct store *store, int64_t age_ms, plain_error *err)
{
    struct json_writer j;
    int64_t before = 0, deleted = 0;
    int r = find_bound(store, age_ms, &before, err);

    if (r == PLAIN_OK && !cli->json) {
        buf_puts(&cli->out, "Clearing job results created before ");
        put_bound(&cli->out, before);
        buf_putc(&cli->out, '\n');
        r = cli_flush(cli, err);
    }
    if (r == PLAIN_OK)
        r = delete_all(store, before, &deleted, err);
    if (r < 0 && deleted > 0) /* what was done so far, if that works */
        (void)note(cli, store, before, deleted, NULL);
    else if (r == PLAIN_OK && deleted > 0)
        r = note(cli, store, before, deleted, err);
    if (r < 0)
        return r;
    if (!cli->json) {
        buf_putf(&cli->out, "Deleted %lld jobs\n", (long long)deleted);
        return r;
    }
    json_begin_document(&j, &cli->out);
    json_put_time(&j, "before", before);
    json_put_int(&j, "deleted", deleted);
    json_end_document(&j);
    return r;
}

static void print_kept(struct cli *cli)
{
    struct json_writer j;

    cli_say(cli, "JOBS_RESULTS_RETENTION is 0: results are kept for ever. Nothing was deleted; "
                 "--older-than deletes all the same.");
    if (!cli->json)
        return;
    json_begin_document(&j, &cli->out);
    json_put_null(&j, "before");
    json_put_int(&j, "deleted", 0);
    json_end_document(&j);
}

int cmd_clear(struct cli *cli, plain_error *err)
{
    struct store *store = NULL;
    int64_t age_ms = 0;
    int r = read_age(cli, &age_ms, err);

    if (r == PLAIN_NONE) {
        print_kept(cli);
        return PLAIN_OK;
    }
    if (r == PLAIN_OK)
        r = cli_store(cli, 0, &store, err);
    if (r == PLAIN_OK)
        r = clear(cli, store, age_ms, err);
    store_close(store);
    return r;
}
