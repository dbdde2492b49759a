/*
 * cmd_config.c - plain config: settings, and where each value came from
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/json_writer.h"

/* The value as it may be shown: a URL without its password. */
static const char *shown(struct cli *cli, enum setting_id id)
{
    const char *value = settings_value(cli->settings, id);

    if (id == SETTING_DATABASE_URL)
        value = store_url_shown(&cli->arena, value);
    return value ? value : ""; /* memory ran out: cli_flush() says so */
}

/* Accepts what people copy: PLAIN_JOBS_MODULES and jobs_modules too. */
static bool names_setting(const char *word, enum setting_id id)
{
    if (text_starts_with(word, "PLAIN_"))
        word += strlen("PLAIN_");
    return text_equal_nocase(word, settings_table[id].name);
}

static int unknown_setting(const char *word, plain_error *err)
{
    const char *names[SETTING_COUNT];
    char upper[64];

    (void)text_copy(upper, sizeof(upper), word);
    for (char *c = upper; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        names[i] = settings_table[i].name;
    const char *near = text_nearest(upper, names, SETTING_COUNT);
    (void)error_set(err, PLAIN_E_INVALID, 202, "name", "there is no setting \"%s\"", word);
    if (near)
        error_fix(err, "did you mean %s? See all with `plain config`", near);
    return PLAIN_E_INVALID;
}

static void put_json(struct cli *cli, struct json_writer *j, enum setting_id id)
{
    json_begin(j, NULL, '{');
    json_put_text(j, "name", settings_table[id].name);
    json_put_text(j, "value", settings_is_set(cli->settings, id) ? shown(cli, id) : NULL);
    json_put_text(j, "source", settings_source(cli->settings, id));
    json_put_text(j, "doc", settings_table[id].doc);
    json_end(j, '}');
}

static void print_json(struct cli *cli, size_t first, size_t end)
{
    struct json_writer j;

    json_begin_document(&j, &cli->out);
    json_begin(&j, "settings", '[');
    for (size_t i = first; i < end; i++)
        put_json(cli, &j, (enum setting_id)i);
    json_end(&j, ']');
    json_end_document(&j);
}

static void print_line(struct cli *cli, enum setting_id id)
{
    buf_putf(&cli->out, "%s = ", settings_table[id].name);
    buf_put_escaped(&cli->out, shown(cli, id));
    buf_puts(&cli->out, "   (");
    buf_put_escaped(&cli->out, settings_source(cli->settings, id));
    buf_puts(&cli->out, ")\n");
}

static void print_one(struct cli *cli, enum setting_id id)
{
    if (cli->json) {
        print_json(cli, id, (size_t)id + 1);
    } else if (cli->terminal) {
        print_line(cli, id);
        buf_putf(&cli->out, "%s.\n", settings_table[id].doc);
    } else {
        buf_put_escaped(&cli->out, shown(cli, id));
        buf_putc(&cli->out, '\n');
    }
}

int cmd_config(struct cli *cli, plain_error *err)
{
    int r = cli_settings(cli, err);

    if (r < 0)
        return r;
    if (cli->args.operand_count > 0) {
        const char *word = cli->args.operands[0];

        for (size_t i = 0; i < SETTING_COUNT; i++) {
            if (names_setting(word, (enum setting_id)i)) {
                print_one(cli, (enum setting_id)i);
                return PLAIN_OK;
            }
        }
        return unknown_setting(word, err);
    }
    if (cli->json)
        print_json(cli, 0, SETTING_COUNT);
    for (size_t i = 0; !cli->json && i < SETTING_COUNT; i++)
        print_line(cli, (enum setting_id)i);
    return PLAIN_OK;
}
