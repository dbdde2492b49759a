/*
 * manual.c - plain(1) and plain.conf(5) from the program's tables, as scdoc(5) reads them
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "core/settings.h"

/* Text as it is, but what stands in backquotes is bold. What is neither letter nor digit might be
 * scdoc's sign for a list or an emphasis. */
static void put_text(struct buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '`') {
            buf_putc(b, '*');
            continue;
        }
        if (!(*text == ' ' || *text == '\n' || (*text >= '0' && *text <= '9') ||
              (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z')))
            buf_putc(b, '\\');
        buf_putc(b, *text);
    }
}

/* The lines of what is described by the line in front of it. */
static void put_description(struct buf *b, const char *text)
{
    buf_putc(b, '\t');
    put_text(b, text);
    buf_puts(b, "\n\n");
}

static void put_bold(struct buf *b, const char *text)
{
    buf_putc(b, '*');
    put_text(b, text);
    buf_putc(b, '*');
}

static void put_options(struct buf *b, const struct cli_option *options)
{
    for (const struct cli_option *o = options; o->name; o++) {
        struct buf form = BUF_INIT(256);

        put_option_form(&form, o);
        put_bold(b, form.data);
        buf_putc(b, '\n');
        put_description(b, o->doc);
        buf_release(&form);
    }
}

/* A paragraph of its own. */
static void put_paragraph(struct buf *b, const char *text)
{
    put_text(b, text);
    buf_puts(b, "\n\n");
}

static void put_command(struct buf *b, const struct command *c)
{
    struct buf title = BUF_INIT(256);

    buf_putf(&title, "plain %s%s%s", c->group, c->group[0] ? " " : "", c->name);
    buf_puts(b, "## ");
    put_text(b, title.data);
    buf_puts(b, "\n\n");
    put_bold(b, title.data);
    put_text(b, c->options ? " [OPTION]..." : "");
    put_text(b, c->operands[0] ? " " : "");
    put_paragraph(b, c->operands);
    put_paragraph(b, c->doc);
    if (c->about)
        put_paragraph(b, c->about);
    if (c->options)
        put_options(b, c->options);
    put_text(b, "Example: ");
    put_bold(b, c->example);
    buf_puts(b, "\n\n");
    buf_release(&title);
}

static void put_exit_codes(struct buf *b)
{
    buf_puts(b, "# EXIT STATUS\n\n");
    for (size_t i = 0; i < exit_code_count; i++) {
        buf_putf(b, "*%d*\n", exit_codes[i].code);
        put_description(b, exit_codes[i].meaning);
    }
}

void manual_commands(struct buf *b)
{
    buf_puts(b, "plain(1) \"plain-jobs " PLAIN_VERSION "\" \"User Commands\"\n\n"
                "# NAME\n\nplain - durable background jobs in the application's own database\n\n"
                "# SYNOPSIS\n\n*plain* COMMAND [OPTION]... [ARGUMENT]...\n\n# DESCRIPTION\n\n");
    put_paragraph(b, "Jobs are C functions or programs in any language. They wait in a SQLite or "
                     "PostgreSQL database, and workers run them in processes of their own. Options "
                     "may stand anywhere, as --name value or --name=value. What is asked for goes "
                     "to stdout, everything else to stderr.");
    buf_puts(b, "# OPTIONS OF EVERY COMMAND\n\n");
    put_options(b, command_table.globals);
    buf_puts(b, "# COMMANDS\n\n");
    for (size_t i = 0; i < command_table.command_count; i++)
        put_command(b, &command_table.commands[i]);
    put_exit_codes(b);
    buf_puts(b, "# FILES\n\n*plain.conf*\n\tsettings; see *plain.conf*(5)\n\n*.env*\n\tvariables "
                "of the environment that are not in it already\n\n*jobs.d/*\n\tprograms that are "
                "job classes\n\n*app/jobs.so*, *app/\\*/jobs.so*\n\tjob modules, as *plain build* "
                "makes them\n\n# SEE ALSO\n\n*plain.conf*(5)\n");
}

void manual_settings(struct buf *b)
{
    buf_puts(b, "plain.conf(5) \"plain-jobs " PLAIN_VERSION "\" \"File Formats\"\n\n"
                "# NAME\n\nplain.conf - settings of plain-jobs\n\n# DESCRIPTION\n\n");
    put_paragraph(b, "Settings stand in the section jobs { ... } of plain.conf under their name "
                     "in lower case, and in the environment and in .env as PLAIN_NAME "
                     "(DATABASE_URL as itself). Flags beat the environment, that beats .env, that "
                     "beats plain.conf, that beats the default. `plain config` shows each value "
                     "and where it came from.");
    put_paragraph(b, "Durations are seconds; 300ms, 5m, 2h and 7d too. Sizes are bytes; 512K, "
                     "256M and 2G too. Lists are JSON arrays of texts in the environment, and "
                     "{\"a\", \"b\"} in the file.");
    put_paragraph(b, "The sections job NAME { ... } of programs in jobs.d, schedule NAME { ... } "
                     "and dev { ... } are described in the guide.");
    buf_puts(b, "# SETTINGS\n\n");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *s = &settings_table[i];

        put_bold(b, s->name);
        if (s->fallback[0]) {
            put_text(b, " (");
            put_text(b, s->fallback);
            put_text(b, ")");
        }
        buf_putc(b, '\n');
        put_description(b, s->doc);
    }
    buf_puts(b, "# SEE ALSO\n\n*plain*(1)\n");
}
