/*
 * cmd_help.c - plain help, plain version
 */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/table_print.h"

static void topic_commands(struct cli *cli)
{
    help_overview(cli, "");
}

static void topic_settings(struct cli *cli)
{
    static const struct table_column columns[] = {
        {"NAME", false}, {"DEFAULT", false}, {"WHAT", false}};
    struct table t;

    table_begin(&t, &cli->arena, columns, ARRAY_SIZE(columns), SETTING_COUNT);
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        table_add(&t, PAINT_NONE, settings_table[i].name);
        table_add(&t, PAINT_NONE, settings_table[i].fallback);
        table_add(&t, PAINT_NONE, settings_table[i].doc);
    }
    table_print(&t, cli->colour, &cli->out);
    buf_puts(&cli->out, "\nNAME is PLAIN_NAME in the environment and in .env (DATABASE_URL as "
                        "itself), and in\nlower case in the jobs section of plain.conf. See the "
                        "values in force with `plain config`.\n");
}

static void topic_errors(struct cli *cli)
{
    size_t count;
    const struct pj_code *codes = pj_all(&count);

    for (size_t i = 0; i < count; i++)
        buf_putf(&cli->out, "PJ%d  %s\n", codes[i].number, codes[i].title);
    buf_puts(&cli->out, "\n`plain help PJ302` says what one means and what to do.\n");
}

static void topic_exit_codes(struct cli *cli)
{
    for (size_t i = 0; i < exit_code_count; i++)
        buf_putf(&cli->out, "%3d  %s\n", exit_codes[i].code, exit_codes[i].meaning);
}

static void put_database(struct cli *cli, const struct store_ops *ops)
{
    buf_putf(&cli->out, "%s:", ops->name);
    for (const char *const *scheme = ops->schemes; *scheme; scheme++)
        buf_putf(&cli->out, " %s:...", *scheme);
    buf_putc(&cli->out, '\n');
}

static void topic_databases(struct cli *cli)
{
    put_database(cli, &store_sqlite);
#ifdef PLAIN_HAVE_POSTGRES
    put_database(cli, &store_postgres);
#endif
    buf_puts(&cli->out,
             "\nGive one with --db or DATABASE_URL; sqlite:plain.db when none is given.\n");
}

static const struct topic {
    const char *name;
    void (*text)(struct cli *cli);
    void (*markdown)(struct buf *b); /* NULL: no page */
    void (*manual)(struct buf *b);   /* likewise */
} topics[] = {
    {"commands", topic_commands, markdown_commands, manual_commands},
    {"settings", topic_settings, markdown_settings, manual_settings},
    {"errors", topic_errors, markdown_errors, NULL},
    {"exit-codes", topic_exit_codes, NULL, NULL},
    {"databases", topic_databases, NULL, NULL},
};

/* PJ302, pj302 or 302. */
static const struct pj_code *find_code(const char *word)
{
    int64_t number;

    if ((word[0] == 'P' || word[0] == 'p') && (word[1] == 'J' || word[1] == 'j'))
        word += 2;
    return text_parse_int64(word, 1, 999, &number) ? pj_find((int)number) : NULL;
}

static const struct command *find_command(const struct arguments *args)
{
    const char *word = args->operands[0];
    const struct command *found = NULL;

    if (args->operand_count == 2)
        return command_find(&command_table, word, args->operands[1]);
    for (size_t i = 0; !found && i < command_table.command_count; i++) {
        if (strcmp(command_table.commands[i].name, word) == 0)
            found = &command_table.commands[i];
    }
    return found;
}

static const struct topic *find_topic(const char *word)
{
    for (size_t i = 0; i < ARRAY_SIZE(topics); i++) {
        if (strcmp(topics[i].name, word) == 0)
            return &topics[i];
    }
    return NULL;
}

static int unknown_topic(const char *word, plain_error *err)
{
    const char *names[ARRAY_SIZE(topics)];
    const struct command *command = command_nearest(&command_table, word);

    for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
        names[i] = topics[i].name;
    const char *near = text_nearest(word, names, ARRAY_SIZE(names));
    (void)error_set(err, PLAIN_E_NOT_FOUND, 201, "topic",
                    "\"%s\" is neither a command nor a topic nor an error code", word);
    if (near || command)
        error_fix(err, "did you mean `plain help %s`?", near ? near : command->name);
    return PLAIN_E_NOT_FOUND;
}

static int print_page(struct cli *cli, plain_error *err)
{
    const struct topic *topic =
        cli->args.operand_count == 1 ? find_topic(cli->args.operands[0]) : NULL;
    bool is_markdown = option_given(&cli->args, OPTION_MARKDOWN);
    void (*page)(struct buf * b) = !topic ? NULL : is_markdown ? topic->markdown : topic->manual;

    if (!page)
        return error_set(err, PLAIN_E_INVALID, 201, is_markdown ? "markdown" : "manual",
                         is_markdown ? "--markdown is for the topics commands, settings and errors"
                                     : "--manual is for the topics commands and settings");
    page(&cli->out);
    return PLAIN_OK;
}

static int print_help(struct cli *cli, plain_error *err)
{
    const struct arguments *args = &cli->args;

    if (option_given(args, OPTION_MARKDOWN) || option_given(args, OPTION_MANUAL))
        return print_page(cli, err);
    if (args->operand_count == 0 ||
        (args->operand_count == 1 && command_is_group(&command_table, args->operands[0]))) {
        help_overview(cli, args->operand_count ? args->operands[0] : "");
        return PLAIN_OK;
    }
    const struct topic *topic = args->operand_count == 1 ? find_topic(args->operands[0]) : NULL;
    const struct pj_code *code = topic ? NULL : find_code(args->operands[0]);
    const struct command *command = topic || code ? NULL : find_command(args);
    if (topic)
        topic->text(cli);
    else if (code)
        help_of_code(cli, code);
    else if (command)
        help_of_command(cli, command);
    else
        return unknown_topic(args->operands[args->operand_count - 1], err);
    return PLAIN_OK;
}

int cmd_help(struct cli *cli, plain_error *err)
{
    int r = print_help(cli, err);

    if (r == PLAIN_OK)
        help_end(cli);
    return r;
}

int cmd_version(struct cli *cli, plain_error *err)
{
    (void)err;
    if (cli->json) {
        struct json_writer j;

        json_begin_document(&j, &cli->out);
        json_put_text(&j, "version", PLAIN_VERSION);
        json_end_document(&j);
    } else {
        buf_puts(&cli->out, "plain " PLAIN_VERSION "\n");
    }
    return PLAIN_OK;
}
