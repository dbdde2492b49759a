/*
 * help.h - help texts, the pages of docs and those of the manual, all made from the tables
 */
#ifndef PLAIN_CLI_HELP_H
#define PLAIN_CLI_HELP_H

#include "base/buf.h"
#include "base/error.h"
#include "cli/cli.h"

/* All commands, or those of a group; then the global options. */
void help_overview(struct cli *cli, const char *group);
/* The command that was named, or the overview when none was. */
void help_command(struct cli *cli);
void help_of_command(struct cli *cli, const struct command *command);
/* What an error code means. */
void help_of_code(struct cli *cli, const struct pj_code *code);
/* Behind any of them: with --json what they have written becomes the member "text" of a document.
 */
void help_end(struct cli *cli);

/* docs/commands.md, docs/settings.md, docs/errors.md. */
void markdown_commands(struct buf *b);
void markdown_settings(struct buf *b);
void markdown_errors(struct buf *b);

/* plain(1) and plain.conf(5), in the language of scdoc(5). */
void manual_commands(struct buf *b);
void manual_settings(struct buf *b);

/* The meanings of exit codes, for help and docs/commands.md. */
struct exit_code {
    int code;
    const char *meaning;
};
extern const struct exit_code exit_codes[];
extern const size_t exit_code_count;

/* "  --max-processes N" of an option, as help and docs show it. */
void put_option_form(struct buf *b, const struct cli_option *option);

#endif
