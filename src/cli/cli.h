/*
 * cli.h - one run of the program: what every command is given
 *
 * plain_main() reads the command line, calls the command's function and tells its error. A command
 * appends what it has to say to cli->out; cli_flush() hands that to stdout. Talk goes to stderr.
 * A command's result is an error code or a fact (PLAIN_SKIPPED), which becomes the exit code.
 *
 * Nothing is loaded or opened before a command asks for it.
 */
#ifndef PLAIN_CLI_CLI_H
#define PLAIN_CLI_CLI_H

#include <stdbool.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/compiler.h"
#include "cli/options.h"
#include "core/registry.h"
#include "core/settings.h"
#include "store/store.h"

/* Room for the parameters of a job in any form, and for anything else that fits on a line. */
enum { PARAMETERS_ROOM = 2 * PLAIN_PARAMETERS_MAX };

struct cli {
    const plain_module *own; /* classes of the program itself, or NULL */
    int ready_fd;            /* of a worker that a supervisor started, see worker/reload.h; or 0 */
    bool is_bench;           /* the worker of a measurement: see bench_worker.h */
    struct arguments args;
    struct settings *settings; /* NULL until cli_settings() */
    struct arena arena;
    struct buf out;
    bool json;
    bool quiet;
    bool utc;
    bool terminal; /* stdout is one: the richer view */
    int exit_code; /* of a command that did what it was asked: 1 for bad news */
    bool colour;   /* on stdout */
    bool colour_err;
};

/* Loads the settings, once, with --db, --config, -v and --quiet in force. */
int cli_settings(struct cli *cli, plain_error *err) PLAIN_MUST_USE;

/* Sends log records to stderr as the settings say. */
int cli_set_log(struct cli *cli, plain_error *err) PLAIN_MUST_USE;
/* The same, and puts into the environment what runners and
 * jobs are to find there: where records go, and which database `NULL` means for plain_jobs_open. */
int cli_start_log(struct cli *cli, plain_error *err) PLAIN_MUST_USE;

/* Every class and executable; the caller frees it. */
int cli_registry(struct cli *cli, struct registry **out, plain_error *err) PLAIN_MUST_USE;

/* The database with the schema that this program needs; the caller closes it. */
int cli_store(struct cli *cli, unsigned flags, struct store **out, plain_error *err) PLAIN_MUST_USE;

/* The same as a handle, for what the library's functions do; the caller closes it. */
int cli_jobs(struct cli *cli, plain_jobs **out, plain_error *err) PLAIN_MUST_USE;

/* Writes what stands in cli->out and empties it. */
int cli_flush(struct cli *cli, plain_error *err) PLAIN_MUST_USE;
/* The same when much has gathered: for loops. */
int cli_flush_some(struct cli *cli, plain_error *err) PLAIN_MUST_USE;

/* One line to stderr, escaped, unless --quiet. */
void cli_say(const struct cli *cli, const char *fmt, ...) PLAIN_PRINTF(2, 3);

#endif
