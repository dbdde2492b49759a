/*
 * cmd_worker.c - plain jobs worker: turns options and settings into a worker's
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cgroup.h"
#include "base/error.h"
#include "cli/bench_worker.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/worker_processes.h"
#include "cli/worker_reload.h"
#include "core/queue_pattern.h"
#include "runner/module.h"
#include "runner/runner.h"
#include "runner/scheduler.h"
#include "worker/worker.h"

enum { PROCESSES_MAX = 1024, QUEUES_MAX = 100 };

/* Options that are settings with another name. */
static const struct {
    enum option_id option;
    enum setting_id setting;
    const char *source;
} overrides[] = {
    {OPTION_MAX_PROCESSES, SETTING_JOBS_WORKER_MAX_PROCESSES, "--max-processes"},
    {OPTION_MAX_JOBS_PER_PROCESS, SETTING_JOBS_WORKER_MAX_JOBS_PER_PROCESS,
     "--max-jobs-per-process"},
    {OPTION_MAX_PENDING_PER_PROCESS, SETTING_JOBS_WORKER_MAX_PENDING_PER_PROCESS,
     "--max-pending-per-process"},
    {OPTION_STATS_EVERY, SETTING_JOBS_WORKER_STATS_EVERY, "--stats-every"},
};

static int override_settings(struct cli *cli, plain_error *err)
{
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < ARRAY_SIZE(overrides); i++) {
        const char *text = option_text(&cli->args, overrides[i].option);

        if (text)
            r = settings_override(cli->settings, overrides[i].setting, text, overrides[i].source,
                                  err);
    }
    return r;
}

static int too_many_queues(size_t count, plain_error *err)
{
    int r = error_set(err, PLAIN_E_INVALID, 201, "queue",
                      "--queue is given %zu times; a worker takes at most %d", count, QUEUES_MAX);

    error_fix(err, "name what the queues begin with, as in `plain jobs worker --queue 'mail*'`, or "
                   "share them among workers");
    return r;
}

/* The queues of --queue, each once, or the default one. */
static int read_queues(struct cli *cli, struct worker_options *out, plain_error *err)
{
    const struct option_values *given = &cli->args.values[OPTION_QUEUE];
    const char **queues = arena_array(&cli->arena, given->count + 1, sizeof(*queues));
    size_t n = 0;

    if (!queues)
        return error_nomem(err);
    if (given->count > QUEUES_MAX)
        return too_many_queues(given->count, err);
    queues[0] = "default";
    for (size_t i = 0; i < given->count; i++) {
        size_t same = 0;
        int r = queue_pattern_check(given->texts[i], err);

        if (r < 0)
            return r;
        while (same < n && strcmp(queues[same], given->texts[i]) != 0)
            same++;
        if (same == n)
            queues[n++] = given->texts[i];
    }
    out->queues = queues;
    out->queue_count = n ? n : 1;
    return PLAIN_OK;
}

/* Runners read no file of settings: they get what they need from here. */
static int hand_over(const struct settings *settings, plain_error *err)
{
    const char *sections = settings_sections(settings, SECTION_JOB);
    int r = module_check_executables(settings, err);

    if (r < 0)
        return r;
    if (strlen(sections) > RUNNER_SECTIONS_MAX)
        return error_set(err, PLAIN_E_INVALID, 202, "job",
                         "the job sections of plain.conf are larger than %d bytes together",
                         RUNNER_SECTIONS_MAX);
    if (setenv(RUNNER_SECTIONS, sections, 1) != 0 ||
        setenv(RUNNER_MIDDLEWARE, settings_value(settings, SETTING_JOBS_MIDDLEWARE), 1) != 0)
        return error_nomem(err);
    return scheduler_hand_over(settings, err);
}

static int setting_int_or(const struct settings *s, enum setting_id id, int fallback)
{
    return settings_is_set(s, id) ? (int)settings_int(s, id) : fallback;
}

/* As many as there are CPUs for, within what the option takes. */
int worker_processes(const struct settings *s)
{
    int cpus = cpus_allowed();

    return setting_int_or(s, SETTING_JOBS_WORKER_MAX_PROCESSES,
                          cpus < PROCESSES_MAX ? cpus : PROCESSES_MAX);
}

/* What its runners can run. */
static int read_jobs(struct cli *cli, struct worker_options *out, plain_error *err)
{
    if (cli->is_bench) {
        out->has_own_module = true;
        return bench_worker_hand_over(err);
    }
    int r = hand_over(cli->settings, err);

    return r < 0 ? r
                 : module_paths(cli->settings, &cli->arena, &out->module_paths, &out->module_count,
                                err);
}

static int read_heartbeat(const struct settings *s, struct worker_options *out, plain_error *err)
{
    enum { INTERVAL_LEAST_MS = 10, INTERVALS = 3 };

    out->heartbeat_interval_ms = settings_duration_ms(s, SETTING_JOBS_HEARTBEAT_INTERVAL);
    out->lease_ms = settings_duration_ms(s, SETTING_JOBS_HEARTBEAT_TIMEOUT);
    out->max_crashes = (int)settings_int(s, SETTING_JOBS_MAX_CRASHES);
    if (out->heartbeat_interval_ms < INTERVAL_LEAST_MS)
        return error_set(err, PLAIN_E_INVALID, 202, "JOBS_HEARTBEAT_INTERVAL",
                         "JOBS_HEARTBEAT_INTERVAL takes at least %dms, not %" PRId64 "ms",
                         INTERVAL_LEAST_MS, out->heartbeat_interval_ms);
    if (out->lease_ms < INTERVALS * out->heartbeat_interval_ms) {
        (void)error_set(err, PLAIN_E_INVALID, 202, "JOBS_HEARTBEAT_TIMEOUT",
                        "JOBS_HEARTBEAT_TIMEOUT (%" PRId64 "ms) is less than %d times "
                        "JOBS_HEARTBEAT_INTERVAL (%" PRId64 "ms): one late heartbeat would be a "
                        "death",
                        out->lease_ms, INTERVALS, out->heartbeat_interval_ms);
        error_fix(err, "PLAIN_JOBS_HEARTBEAT_TIMEOUT=%" PRId64 "ms",
                  INTERVALS * out->heartbeat_interval_ms);
        return PLAIN_E_INVALID;
    }
    return PLAIN_OK;
}

/* What is wrong with the command line is said at once: no change of a file could mend it. */
static int supervise(struct cli *cli, struct worker_options *options, plain_error *err)
{
    int r = cli_set_log(cli, err);

    if (r == PLAIN_OK && options->drain)
        r = error_set(err, PLAIN_E_INVALID, 201, "--reload",
                      "--drain and --reload exclude each other");
    if (r == PLAIN_OK)
        r = override_settings(cli, err);
    if (r == PLAIN_OK)
        r = read_queues(cli, options, err);
    return r < 0 ? r : worker_reload(cli, err);
}

int cmd_worker(struct cli *cli, plain_error *err)
{
    struct worker_options options = {.drain = option_given(&cli->args, OPTION_DRAIN),
                                     .has_own_module = cli->own != NULL,
                                     .ready_fd = cli->ready_fd};
    if (option_given(&cli->args, OPTION_RELOAD))
        return supervise(cli, &options, err);
    int r = cli_start_log(cli, err);

    if (r == PLAIN_OK)
        r = override_settings(cli, err);
    if (r == PLAIN_OK)
        r = read_queues(cli, &options, err);
    if (r == PLAIN_OK)
        r = read_heartbeat(cli->settings, &options, err);
    if (r == PLAIN_OK)
        r = read_jobs(cli, &options, err);
    if (r < 0)
        return r;
    const struct settings *s = cli->settings;
    options.url = settings_text(s, SETTING_DATABASE_URL);
    options.max_processes = worker_processes(s);
    options.max_jobs_per_process = settings_int(s, SETTING_JOBS_WORKER_MAX_JOBS_PER_PROCESS);
    options.max_rss_kb = settings_size(s, SETTING_JOBS_WORKER_MAX_RSS) / 1024;
    options.max_pending_per_process =
        setting_int_or(s, SETTING_JOBS_WORKER_MAX_PENDING_PER_PROCESS, -1);
    options.bare_output = cli->quiet;
    options.start_ahead_ms = settings_int(s, SETTING_JOBS_START_AHEAD_MS);
    options.retention_ms = settings_duration_ms(s, SETTING_JOBS_RESULTS_RETENTION);
    options.stats_every_ms = settings_duration_ms(s, SETTING_JOBS_WORKER_STATS_EVERY);
    options.timeout_ms = settings_duration_ms(s, SETTING_JOBS_TIMEOUT);
    options.stop_grace_ms = settings_duration_ms(s, SETTING_JOBS_STOP_GRACE);
    options.shutdown_grace_ms = settings_duration_ms(s, SETTING_JOBS_SHUTDOWN_GRACE);
    return worker_run(&options, err);
}
