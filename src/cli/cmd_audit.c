/*
 * cmd_audit.c - plain jobs audit: who did what
 */
#include "admin/moment.h"
#include "base/error.h"
#include "base/uuid.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"

enum { LIMIT_DEFAULT = 50 };

static int print_json(struct cli *cli, const struct audit_row *rows, size_t count, plain_error *err)
{
    struct json_writer j;
    int r = PLAIN_OK;

    json_begin_document(&j, &cli->out);
    json_begin(&j, "audit", '[');
    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        const struct audit_row *row = &rows[i];

        json_begin(&j, NULL, '{');
        json_put_int(&j, "id", row->id);
        json_put_time(&j, "at", row->at);
        json_put_text(&j, "actor", row->actor);
        json_put_text(&j, "action", row->action);
        json_put_text(&j, "target", row->target);
        json_put_uuid(&j, "uuid", &row->uuid);
        json_put_text(&j, "detail", row->detail);
        if (row->n >= 0)
            json_put_int(&j, "count", row->n);
        else
            json_put_null(&j, "count");
        json_end(&j, '}');
        r = cli_flush_some(cli, err);
    }
    json_end(&j, ']');
    json_end_document(&j);
    return r;
}

static void add_text(struct table *t, const char *text)
{
    table_add(t, PAINT_NONE, text && *text ? text : "-");
}

/* The reason or state, and how many it was. */
static void add_detail(struct table *t, const struct audit_row *row, struct arena *a)
{
    const char *text = row->detail;

    if (row->n >= 0)
        text = arena_printf(a, "%lld %s", (long long)row->n, row->detail);
    add_text(t, text);
}

static void add_row(struct table *t, const struct cli *cli, const struct audit_row *row,
                    struct arena *a)
{
    struct buf at = BUF_INIT(64);
    char uuid[PLAIN_UUID_TEXT];

    table_add(t, PAINT_NONE, arena_printf(a, "%lld", (long long)row->id));
    put_time(&at, row->at, cli->utc, true);
    table_add(t, PAINT_NONE, at.data);
    buf_release(&at);
    add_text(t, row->actor);
    table_add(t, PAINT_BOLD, row->action);
    add_text(t, row->target);
    add_text(t, uuid_is_zero(&row->uuid) ? NULL : plain_uuid_format(&row->uuid, uuid));
    add_detail(t, row, a);
}

static void print_table(struct cli *cli, const struct audit_row *rows, size_t count)
{
    static const struct table_column columns[] = {
        {"ID", true},      {"WHEN", false}, {"WHO", false},   {"ACTION", false},
        {"TARGET", false}, {"UUID", false}, {"DETAIL", false}};
    struct table t;

    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), count);
    for (size_t i = 0; i < count; i++)
        add_row(&t, cli, &rows[i], &cli->arena);
    table_print(&t, cli->colour, &cli->out);
}

static int read_rows(struct cli *cli, struct audit_row **rows, size_t *count, int64_t *limit,
                     plain_error *err)
{
    const struct arguments *args = &cli->args;
    int64_t before = 0;
    struct store *store = NULL;
    plain_uuid uuid;
    int r = option_int(args, OPTION_LIMIT, "limit", 1, STORE_AUDIT_MAX, 201, limit, err);

    if (r == PLAIN_OK)
        r = option_int(args, OPTION_BEFORE, "before", 1, INT64_MAX, 201, &before, err);
    if (r == PLAIN_OK && args->operand_count > 0)
        r = read_uuid(cli, &uuid, err);
    if (r == PLAIN_OK)
        r = cli_store(cli, STORE_READ_ONLY, &store, err);
    if (r == PLAIN_OK)
        r = store->ops->audit(store, args->operand_count > 0 ? &uuid : NULL, before, (int)*limit,
                              &cli->arena, rows, count, err);
    store_close(store);
    return r;
}

int cmd_audit(struct cli *cli, plain_error *err)
{
    struct audit_row *rows = NULL;
    size_t count = 0;
    int64_t limit = LIMIT_DEFAULT;
    int r = read_rows(cli, &rows, &count, &limit, err);

    if (r < 0)
        return r;
    if (cli->json)
        return print_json(cli, rows, count, err);
    if (count > 0) {
        print_table(cli, rows, count);
        put_cut(cli, count, limit);
    } else if (cli->terminal)
        cli_say(cli, "Nobody has done anything.");
    return PLAIN_OK;
}
