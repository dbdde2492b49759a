/*
 * cmd_run.c - plain jobs run: a job here and now, without a worker or a database
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "admin/moment.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/job_words.h"
#include "cli/print.h"
#include "cli/report.h"
#include "core/params.h"
#include "runner/runner.h"

/* The Python package's line on a pipe; for people also where the job comes from and what it is
 * given. */
static int print_loaded(struct cli *cli, const struct job_entry *entry, const char *stored,
                        plain_error *err)
{
    if (cli->quiet || cli->json)
        return PLAIN_OK;
    buf_puts(&cli->out, "Loaded job: ");
    buf_put_escaped(&cli->out, entry->name);
    if (cli->terminal) {
        struct buf parameters = BUF_INIT(PARAMETERS_ROOM);

        put_parameters(&parameters, stored);
        buf_puts(&cli->out, "  [");
        buf_put_escaped(&cli->out, entry->origin);
        buf_puts(&cli->out, "]  ");
        buf_put_escaped(&cli->out, parameters.data);
        buf_release(&parameters);
    }
    buf_putc(&cli->out, '\n');
    return cli_flush(cli, err);
}

static const struct cli *running_for; /* while a job runs */
static pid_t running_in;              /* what the job forks may exit as it likes */

/* A job that calls exit() ends this command too, and a worker would record it as LOST. */
static void fail_exited(void)
{
    plain_error err;

    if (!running_for || getpid() != running_in)
        return;
    (void)fflush(stdout); /* what the job said; _exit() does not */
    (void)error_set(&err, PLAIN_E_JOB, 601, "", "the job ended its process by exit()");
    error_fix(&err, "return from run(), or say what failed with plain_job_fail()");
    report_error(&err, running_for->json, running_for->colour_err);
    _exit(error_exit_code(PLAIN_E_JOB));
}

static int run_entry(struct cli *cli, const struct job_entry *entry,
                     const struct middleware_chain *chain, const char *stored, plain_error *err)
{
    struct buf time = BUF_INIT(64);
    int r = print_loaded(cli, entry, stored, err);
    int64_t start = clock_mono_us();

    if (r == PLAIN_OK && atexit(fail_exited) == 0) {
        running_for = cli;
        running_in = getpid();
        r = runner_run_here(entry, chain, stored, err);
        running_for = NULL;
    }
    put_duration(&time, clock_mono_us() - start);
    if (r == PLAIN_OK && cli->terminal)
        cli_say(cli, "\xE2\x9C\x93 done in %s", time.data);
    if (r == PLAIN_E_JOB)
        error_fix(err, "mend the cause and run it again; see `plain help PJ%d`", err->pj);
    if (r == PLAIN_NONE)
        cli_say(cli, "the job deferred itself; it had run for %s", time.data);
    buf_release(&time);
    return r;
}

static int run_named(struct cli *cli, struct registry *registry, plain_error *err)
{
    const char *name = cli->args.operands[0];
    const struct job_entry *entry = registry_find(registry, name);
    struct buf json = BUF_INIT(PARAMETERS_ROOM);
    struct buf stored = BUF_INIT(PARAMETERS_ROOM);

    if (!entry)
        return registry_unknown(registry, name, err);
    struct middleware_chain chain;
    int r = registry_chain(registry, settings_value(cli->settings, SETTING_JOBS_MIDDLEWARE), &chain,
                           err);
    if (r == PLAIN_OK)
        r = read_parameters(cli, entry->cls, &json, err);
    if (r == PLAIN_OK)
        r = params_from_json(entry->cls, json.data, &stored, err);
    if (r == PLAIN_OK)
        r = run_entry(cli, entry, &chain, stored.data, err);
    buf_release(&stored);
    buf_release(&json);
    return r;
}

int cmd_run(struct cli *cli, plain_error *err)
{
    struct registry *registry = NULL;
    int r = cli_start_log(cli, err);

    if (r == PLAIN_OK)
        r = cli_registry(cli, &registry, err);
    if (r == PLAIN_OK)
        r = run_named(cli, registry, err);
    registry_free(registry);
    return r;
}
