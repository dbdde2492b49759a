/*
 * options.h - reading a command line by a table of commands and their options
 *
 * One table (commands.c) is the only place where a command or an option is named: the parser,
 * --help, did-you-mean and docs/commands.md all read it.
 *
 * Options may stand anywhere, also in front of the command's words: "--name value", "--name=value",
 * "-v". A name has a value everywhere or nowhere. "--" ends them; "-" and "-1" are operands. Of an
 * option that is given twice the last one counts, unless it is repeatable.
 *
 * Errors: PLAIN_E_INVALID, PJ201, with the nearest name where one is near.
 */
#ifndef PLAIN_CLI_OPTIONS_H
#define PLAIN_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/compiler.h"

enum option_id {
    OPTION_DB,
    OPTION_CONFIG,
    OPTION_JSON,
    OPTION_QUIET,
    OPTION_VERBOSE,
    OPTION_NO_COLOR,
    OPTION_UTC,
    OPTION_YES,
    OPTION_HELP,
    OPTION_VERSION,
    OPTION_SQL,
    OPTION_DRY_RUN,
    OPTION_MARKDOWN,
    OPTION_MANUAL,
    OPTION_QUEUE,
    OPTION_MAX_PROCESSES,
    OPTION_MAX_JOBS_PER_PROCESS,
    OPTION_MAX_PENDING_PER_PROCESS,
    OPTION_STATS_EVERY,
    OPTION_DRAIN,
    OPTION_RELOAD,
    OPTION_PARAMS,
    OPTION_DELAY,
    OPTION_PRIORITY,
    OPTION_RETRIES,
    OPTION_KEY,
    OPTION_COUNT_OF,
    OPTION_UNREGISTERED,
    OPTION_STATUS,
    OPTION_CLASS,
    OPTION_LIMIT,
    OPTION_BEFORE,
    OPTION_FROM,
    OPTION_TIMEZONE,
    OPTION_DST,
    OPTION_PARTIAL,
    OPTION_OLDER_THAN,
    OPTION_JOBS,
    OPTION_REASON,
    OPTION_TIMEOUT,
    OPTION_LISTEN,
    OPTION_COUNT
};

struct cli_option {
    enum option_id id;
    char letter; /* 'v' of -v; 0: none */
    bool repeatable;
    const char *name;  /* without the dashes; NULL ends an array */
    const char *value; /* what help calls its value, "QUEUE"; NULL: it has none */
    const char *doc;
};

struct cli;

struct command {
    const char *group; /* the word in front of it, "jobs"; "" for none */
    const char *name;
    const char *operands; /* "CLASS [name=value]..." for help */
    size_t least, most;   /* how many of them */
    const char *doc;      /* one line */
    const char *about;    /* more, in lines of at most 90 columns; NULL: nothing */
    const char *json;     /* the members of its --json document but "format"; NULL: it has none */
    const char *example;
    const struct cli_option *options; /* its own; NULL: none */
    int (*run)(struct cli *cli, plain_error *err);
};

struct option_table {
    const struct cli_option *globals;
    const struct command *commands;
    size_t command_count;
};

struct option_values {
    const char **texts; /* "" for an option without a value */
    size_t count;
};

/* A command line after reading. Everything lives as long as argv and the arena. */
struct arguments {
    const struct command *command; /* NULL: none was named */
    const char *group;             /* the group that was named without a command, else "" */
    const char **operands;         /* behind the command's words */
    size_t operand_count;
    struct option_values values[OPTION_COUNT];
};

/* argv as main() has it. On failure the global options that could be read stand in out, so that
 * the error can be told as the caller wished. With --help the operands are not counted. */
int arguments_parse(const struct option_table *table, int argc, char *const *argv, struct arena *a,
                    struct arguments *out, plain_error *err) PLAIN_MUST_USE;

bool option_given(const struct arguments *args, enum option_id id);
const char *option_text(const struct arguments *args, enum option_id id); /* NULL: not given */

/* Leaves *out alone when the option is not given. pj is that of the error. */
int option_int(const struct arguments *args, enum option_id id, const char *name, int64_t min,
               int64_t max, int pj, int64_t *out, plain_error *err) PLAIN_MUST_USE;

/* Any option of that name, or, by letter, of that letter, whatever command has it; NULL: none.
 * Whether it has a value is the same for all. */
const struct cli_option *option_find(const struct option_table *table, const char *name,
                                     bool by_letter);

/* The command called group (or "") and name; NULL when there is none. */
const struct command *command_find(const struct option_table *table, const char *group,
                                   const char *name);
bool command_is_group(const struct option_table *table, const char *word);
/* The command whose name is nearest to word, whatever its group; NULL: none is near. */
const struct command *command_nearest(const struct option_table *table, const char *word);

/* "plain jobs worker", in a. */
const char *command_title(struct arena *a, const struct command *command) PLAIN_MUST_USE;

#endif
