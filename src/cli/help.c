#include "cli/help.h"

#include <stdio.h>

#include "base/text_width.h"
#include "cli/commands.h"
#include "cli/json_writer.h"
#include "cli/terminal.h"

enum { FORM_COLUMNS = 32, DOC_COLUMN = 34 };

const struct exit_code exit_codes[] = {
    {0, "done"},
    {1, "the job or the operation failed"},
    {2, "bad command line, value or setting"},
    {3, "not found; also an unknown job class"},
    {4, "the database cannot be reached"},
    {5, "the schema needs `plain migrate`, or a newer program"},
    {6, "skipped: the concurrency key is held"},
    {7, "refused"},
    {70, "out of memory"},
    {130, "interrupted by Ctrl-C (128 and the signal's number); a worker that has stopped: 0"},
};
const size_t exit_code_count = ARRAY_SIZE(exit_codes);

void put_option_form(struct buf *b, const struct cli_option *option)
{
    if (option->letter)
        buf_putf(b, "-%c, ", option->letter);
    buf_putf(b, "--%s", option->name);
    if (option->value)
        buf_putf(b, " %s", option->value);
}

/* "  left      right" */
static void put_row(struct cli *cli, const char *left, const char *right)
{
    size_t columns = text_columns(left);

    buf_puts(&cli->out, "  ");
    paint_text(&cli->out, cli->colour, PAINT_BOLD, left);
    if (columns >= FORM_COLUMNS)
        buf_putf(&cli->out, "\n%*s", DOC_COLUMN, "");
    else
        buf_putf(&cli->out, "%*s", (int)(FORM_COLUMNS - columns), "");
    buf_putf(&cli->out, "%s\n", right);
}

static void put_options(struct cli *cli, const char *title, const struct cli_option *options)
{
    buf_putf(&cli->out, "\n%s:\n", title);
    for (const struct cli_option *o = options; o->name; o++) {
        struct buf form = BUF_INIT(256);

        put_option_form(&form, o);
        put_row(cli, form.data, o->doc);
        buf_release(&form);
    }
}

static void put_commands(struct cli *cli, const char *group)
{
    for (size_t i = 0; i < command_table.command_count; i++) {
        const struct command *c = &command_table.commands[i];

        if (strcmp(c->group, group) == 0) {
            struct buf form = BUF_INIT(256);

            buf_putf(&form, "%s%s%s", c->group, c->group[0] ? " " : "", c->name);
            put_row(cli, form.data, c->doc);
            buf_release(&form);
        }
    }
}

void help_overview(struct cli *cli, const char *group)
{
    buf_putf(&cli->out, "plain %s: background jobs in a database\n\n", PLAIN_VERSION);
    buf_puts(&cli->out, "Usage: plain COMMAND [OPTION]... [ARGUMENT]...\n\n");
    buf_puts(&cli->out, "Jobs:\n");
    put_commands(cli, "jobs");
    if (!group[0]) {
        buf_puts(&cli->out, "\nProject:\n");
        put_commands(cli, "");
    }
    put_options(cli, "Options of every command", command_table.globals);
    buf_puts(&cli->out, "\n`plain help COMMAND` and `plain help TOPIC` say more; topics: commands, "
                        "settings, errors,\nexit-codes, databases.\n");
}

void help_of_command(struct cli *cli, const struct command *command)
{
    const char *title = command_title(&cli->arena, command);
    struct buf *out = &cli->out;

    if (!title)
        return; /* the arena says so when the output is flushed */
    buf_putf(out, "%s\n\nUsage: %s%s%s%s\n", command->doc, title,
             command->options ? " [OPTION]..." : "", command->operands[0] ? " " : "",
             command->operands);
    if (command->about)
        buf_putf(out, "\n%s\n", command->about);
    if (command->json)
        buf_putf(out, "\nWith --json, beside \"format\": %d:\n%s\n", JSON_FORMAT, command->json);
    if (command->options)
        put_options(cli, "Options", command->options);
    put_options(cli, "Options of every command", command_table.globals);
    buf_putf(out, "\nExample:\n  %s\n", command->example);
}

void help_command(struct cli *cli)
{
    if (cli->args.command)
        help_of_command(cli, cli->args.command);
    else
        help_overview(cli, cli->args.group);
}

/* Text in lines of at most 80 columns. */
static void put_wrapped(struct buf *b, const char *text)
{
    enum { WIDTH = 80 };
    size_t column = 0;

    while (*text) {
        size_t n = strcspn(text, " ");

        if (column > 0 && column + 1 + n > WIDTH) {
            buf_putc(b, '\n');
            column = 0;
        }
        if (column > 0)
            buf_putc(b, ' ');
        buf_put(b, text, n);
        column += n + (column > 0);
        text += n;
        text += strspn(text, " ");
    }
    buf_putc(b, '\n');
}

void help_of_code(struct cli *cli, const struct pj_code *code)
{
    struct buf *out = &cli->out;
    char title[128];

    (void)snprintf(title, sizeof(title), "PJ%d: %s", code->number, code->title);
    paint_text(out, cli->colour, PAINT_BOLD, title);
    buf_puts(out, "\n\n");
    put_wrapped(out, code->why);
    buf_puts(out, "\nWhat to do:\n");
    put_wrapped(out, code->fix);
    if (code->example[0])
        buf_putf(out, "\nExample that raises it:\n  %s\n", code->example);
}

void help_end(struct cli *cli)
{
    struct json_writer j;

    if (!cli->json || !buf_ok(&cli->out)) /* who flushes says the second */
        return;
    const char *text = arena_strdup(&cli->arena, cli->out.data);
    buf_reset(&cli->out);
    json_begin_document(&j, &cli->out);
    json_put_text(&j, "text", text);
    json_end_document(&j);
}
