#include <stdio.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "core/settings.h"

static const char generated[] = "<!-- Made by tools/gen-docs from the program's tables. -->\n\n";

/* A cell of a table: no bar and no line of its own. */
static void put_cell(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_putc(b, '\\');
        buf_putc(b, *text == '\n' ? ' ' : *text);
    }
}

static void put_option_rows(struct buf *b, const struct cli_option *options)
{
    buf_puts(b, "| option | does |\n| --- | --- |\n");
    for (const struct cli_option *o = options; o->name; o++) {
        buf_puts(b, "| `");
        put_option_form(b, o);
        buf_puts(b, "` | ");
        put_cell(b, o->doc);
        buf_puts(b, " |\n");
    }
    buf_putc(b, '\n');
}

static void put_command(struct buf *b, const struct command *c)
{
    const char *gap = c->group[0] ? " " : "";

    buf_putf(b, "## plain %s%s%s\n\n", c->group, gap, c->name);
    buf_putf(b, "%s\n\n```text\nplain %s%s%s%s%s%s\n```\n\n", c->doc, c->group, gap, c->name,
             c->options ? " [OPTION]..." : "", c->operands[0] ? " " : "", c->operands);
    if (c->about)
        buf_putf(b, "%s\n\n", c->about);
    if (c->options)
        put_option_rows(b, c->options);
    if (c->json)
        buf_putf(b, "With `--json`, beside `\"format\": %d`:\n\n```text\n%s\n```\n\n", JSON_FORMAT,
                 c->json);
    buf_putf(b, "Example: `%s`\n\n", c->example);
}

void markdown_commands(struct buf *b)
{
    buf_putf(b, "# Commands\n\n%s", generated);
    buf_puts(b,
             "Options may stand anywhere, as `--name value` or `--name=value`. What is asked for "
             "goes to stdout,\neverything else to stderr.\n\n## Options of every command\n\n");
    put_option_rows(b, command_table.globals);
    for (size_t i = 0; i < command_table.command_count; i++)
        put_command(b, &command_table.commands[i]);
    buf_puts(b, "## Exit codes\n\n| code | meaning |\n| --- | --- |\n");
    for (size_t i = 0; i < exit_code_count; i++)
        buf_putf(b, "| %d | %s |\n", exit_codes[i].code, exit_codes[i].meaning);
}

/* "whole number, 1 to 1024" */
static void put_type(struct buf *b, const struct setting *s)
{
    static const char *const names[] = {
        [SETTING_TEXT] = "text", [SETTING_INT] = "whole number",   [SETTING_DURATION] = "duration",
        [SETTING_SIZE] = "size", [SETTING_LIST] = "list of texts", [SETTING_CHOICE] = "one of",
    };

    buf_puts(b, names[s->type]);
    if (s->type == SETTING_INT || s->type == SETTING_DURATION)
        buf_putf(b, ", %lld to %lld", (long long)s->min, (long long)s->max);
    if (s->type == SETTING_DURATION)
        buf_puts(b, " s");
    if (s->type == SETTING_CHOICE) {
        buf_putc(b, ' ');
        put_cell(b, s->choices);
    }
}

void markdown_settings(struct buf *b)
{
    buf_putf(b, "# Settings\n\n%s", generated);
    buf_puts(
        b, "NAME is read from `PLAIN_NAME` in the environment (`DATABASE_URL` as itself), from "
           "`.env`\nalike, and as its lower-case name in the `jobs` section of `plain.conf`. Flags "
           "beat the environment,\nthat beats `.env`, that beats `plain.conf`, that beats the "
           "default. `plain config` shows each value\nand where it came from.\n\nDurations are "
           "seconds; `300ms`, `5m`, `2h` and `7d` too. Sizes are bytes; `512K`, `256M` "
           "and `2G`\ntoo. Lists are JSON arrays of texts in the environment and `{\"a\", \"b\"}` "
           "in the file.\n\n"
           "| name | type | default | what |\n| --- | --- | --- | --- |\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings_table[i];

        buf_putf(b, "| `%s` | ", s->name);
        put_type(b, s);
        buf_putf(b, s->fallback[0] ? " | `%s` | " : " | %s | ", s->fallback);
        put_cell(b, s->doc);
        buf_puts(b, " |\n");
    }
}

void markdown_errors(struct buf *b)
{
    size_t count;
    const struct pj_code *codes = pj_all(&count);

    buf_putf(b, "# Errors\n\n%s", generated);
    buf_puts(b, "Every failure has a code that never changes; `plain help PJ302` shows one.\n");
    for (size_t i = 0; i < count; i++) {
        buf_putf(b, "\n## PJ%d: %s\n\n%s\n\nWhat to do: %s.\n", codes[i].number, codes[i].title,
                 codes[i].why, codes[i].fix);
        if (codes[i].example[0])
            buf_putf(b, "\n```sh\n%s\n```\n", codes[i].example);
    }
}
