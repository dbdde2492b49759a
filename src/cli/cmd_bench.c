/*
 * cmd_bench.c - plain jobs bench: options, a place to measure in, and its end
 */
#include "base/error.h"
#include "cli/bench.h"
#include "cli/bench_report.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/worker_processes.h"

enum { JOBS = 100000, PICKUPS = 500, VICTIMS = 50 };

/* Who waits ten seconds wants to know for what; nobody else does. */
static void say_step(void *user, const char *what)
{
    const struct cli *cli = user;

    if (cli->terminal)
        cli_say(cli, "%s ...", what);
}

static int read_plan(struct cli *cli, struct bench_plan *plan, plain_error *err)
{
    const char *processes = option_text(&cli->args, OPTION_MAX_PROCESSES);
    int r = cli_settings(cli, err);

    *plan = (struct bench_plan){.jobs = JOBS,
                                .config = option_text(&cli->args, OPTION_CONFIG),
                                .verbose = option_given(&cli->args, OPTION_VERBOSE),
                                .step = say_step,
                                .user = cli};
    if (r == PLAIN_OK)
        r = option_int(&cli->args, OPTION_JOBS, "jobs", 1, BENCH_JOBS_MAX, 201, &plan->jobs, err);
    if (r == PLAIN_OK && processes)
        r = settings_override(cli->settings, SETTING_JOBS_WORKER_MAX_PROCESSES, processes,
                              "--max-processes", err);
    if (r < 0)
        return r;
    plan->pickups = plan->jobs < PICKUPS ? plan->jobs : PICKUPS;
    plan->victims = plan->jobs < VICTIMS ? plan->jobs : VICTIMS;
    plan->processes = worker_processes(cli->settings);
    return PLAIN_OK;
}

/* The place is closed whatever comes of the rest; its own failure is told when there is no other.
 */
static int measure(struct cli *cli, const struct bench_plan *plan, struct interrupt *interrupt,
                   plain_error *err)
{
    struct bench_figures figures;
    struct bench_place place;
    plain_error left;
    int r = bench_place_open(&place, cli, err);

    if (r == PLAIN_OK)
        r = bench_run(plan, &place, interrupt, &figures, err);
    int closed = bench_place_close(&place, &left);
    if (r == PLAIN_OK)
        bench_report(cli, plan, &place, &figures);
    if (r == PLAIN_NONE && closed == PLAIN_OK)
        cli_say(cli, "Stopped by a signal. What was made for the measurement is deleted.");
    if (closed == PLAIN_OK)
        return r;
    if (r == PLAIN_OK) {
        *err = left;
        return closed;
    }
    cli_say(cli, "%s; %s", left.message, left.fix);
    return r;
}

int cmd_bench(struct cli *cli, plain_error *err)
{
    struct bench_plan plan;
    struct interrupt interrupt;
    int r = read_plan(cli, &plan, err);

    if (r == PLAIN_OK)
        r = interrupt_begin(&interrupt, err);
    if (r < 0)
        return r;
    r = measure(cli, &plan, &interrupt, err);
    interrupt_end(&interrupt);
    return r;
}
