/*
 * cmd_migrate.c - plain migrate
 */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"

/* What was done, or with --dry-run would be. */
struct outcome {
    const char *url; /* without a password, with an absolute path */
    int from, to;
};

/* The path in a URL whose database is a file: sqlite:PATH, sqlite:///PATH, sqlite:PATH?option. */
static void path_of(const char *url, char path[PATH_MAX])
{
    const char *begin = strchr(url, ':') + 1; /* store_for_url() has seen the scheme */

    if (strncmp(begin, "///", 3) == 0)
        begin += 2;
    size_t n = strcspn(begin, "?");
    (void)text_copy(path, n + 1 < PATH_MAX ? n + 1 : PATH_MAX, begin);
}

/* For a file: its whole path, so that nobody wonders which plain.db was meant. */
static const char *shown_url(struct cli *cli, const struct store_ops *ops)
{
    const char *url = settings_text(cli->settings, SETTING_DATABASE_URL);
    char path[PATH_MAX], folder[PATH_MAX];

    if (ops->caps & STORE_FILE) {
        path_of(url, path);
        if (path[0] != '/' && getcwd(folder, sizeof(folder)))
            url = arena_printf(&cli->arena, "%s:%s/%s", ops->schemes[0], folder, path);
    }
    return url ? store_url_shown(&cli->arena, url) : NULL;
}

static bool file_is_missing(const struct store_ops *ops, const char *url)
{
    char path[PATH_MAX];

    if (!(ops->caps & STORE_FILE))
        return false;
    path_of(url, path);
    return access(path, F_OK) != 0;
}

static int migrate(struct cli *cli, const struct store_ops *ops, struct outcome *out,
                   plain_error *err)
{
    struct store *store = NULL;
    int r =
        ops->open(settings_text(cli->settings, SETTING_DATABASE_URL), STORE_CREATE, &store, err);

    if (r == PLAIN_OK)
        r = ops->migrate(store, &out->from, &out->to, err);
    store_close(store);
    return r;
}

static int look(struct cli *cli, const struct store_ops *ops, struct outcome *out, plain_error *err)
{
    const char *url = settings_text(cli->settings, SETTING_DATABASE_URL);
    struct store *store = NULL;
    int r = PLAIN_OK;

    out->to = ops->newest_version();
    if (file_is_missing(ops, url))
        return PLAIN_OK;
    r = ops->open(url, STORE_READ_ONLY, &store, err);
    if (r == PLAIN_OK)
        r = ops->schema_version(store, &out->from, err);
    if (r == PLAIN_OK && out->from > out->to)
        r = store_check_schema(store, err);
    store_close(store);
    return r;
}

static void print_outcome(struct cli *cli, const struct outcome *o, bool dry)
{
    struct buf *out = &cli->out;

    if (cli->json) {
        struct json_writer j;

        json_begin_document(&j, out);
        json_put_text(&j, "database", o->url);
        json_put_int(&j, "from", o->from);
        json_put_int(&j, "to", o->to);
        json_put_bool(&j, "dry_run", dry);
        json_end_document(&j);
        return;
    }
    if (cli->quiet && !dry)
        return;
    if (o->from == o->to) {
        buf_put_escaped(out, o->url ? o->url : "");
        buf_putf(out, " is already at version %d\n", o->to);
        return;
    }
    buf_puts(out, dry ? "would migrate " : "migrated ");
    buf_put_escaped(out, o->url ? o->url : "");
    buf_putf(out, " from %d to %d\n", o->from, o->to);
}

/* Text for a person or psql to read. A server is asked where its tables are to be; the SQL of a
 * file is always the same, so that one need not be there. */
static int print_sql(struct cli *cli, const struct store_ops *ops, plain_error *err)
{
    const char *name, *sql;
    struct store *store = NULL;
    int version;
    int r = PLAIN_OK;

    if (!(ops->caps & STORE_FILE))
        r = ops->open(settings_text(cli->settings, SETTING_DATABASE_URL), STORE_READ_ONLY, &store,
                      err);
    for (size_t i = 0; r == PLAIN_OK; i++) {
        r = ops->migration_sql(store, i, &cli->arena, &version, &name, &sql, err);
        if (r == PLAIN_OK)
            buf_putf(&cli->out, "-- %d: %s\n%s\n", version, name, sql);
    }
    store_close(store);
    return r < 0 ? r : PLAIN_OK;
}

int cmd_migrate(struct cli *cli, plain_error *err)
{
    bool dry = option_given(&cli->args, OPTION_DRY_RUN);
    bool sql = option_given(&cli->args, OPTION_SQL);
    struct outcome outcome = {0};

    if (sql && cli->json)
        return error_set(err, PLAIN_E_INVALID, 201, "sql",
                         "--sql prints SQL, which is no JSON: leave out --json");
    int r = cli_settings(cli, err);

    if (r < 0)
        return r;
    const struct store_ops *ops =
        store_for_url(settings_text(cli->settings, SETTING_DATABASE_URL), err);
    if (!ops)
        return err->code;
    if (sql)
        return print_sql(cli, ops, err);
    r = dry ? look(cli, ops, &outcome, err) : migrate(cli, ops, &outcome, err);
    if (r < 0)
        return r;
    outcome.url = shown_url(cli, ops);
    print_outcome(cli, &outcome, dry);
    return PLAIN_OK;
}
