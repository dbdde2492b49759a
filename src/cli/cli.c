#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <plain/jobs/main.h>

#include "base/error.h"
#include "base/log.h"
#include "base/write_all.h"
#include "cli/bench_worker.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/report.h"
#include "cli/terminal.h"
#include "core/job.h"
#include "runner/module.h"
#include "runner/runner.h"
#include "runner/scheduler.h"
#include "worker/keeper.h"
#include "worker/reload.h"

/* What stdout may hold back: a document of 1,000 rows is flushed row by row. */
enum { OUT_MAX = 64 * 1024 * 1024, OUT_SOME = 64 * 1024, SAY_MAX = 16 * 1024 };

static int log_descriptor = STDERR_FILENO;

/* Both names are from the table of settings, or not given. */
static void set_log(const char *format, const char *level)
{
    static const char *const levels[] = {[LOG_DEBUG] = "DEBUG",
                                         [LOG_INFO] = "INFO",
                                         [LOG_WARNING] = "WARNING",
                                         [LOG_ERROR] = "ERROR"};
    bool json = format && strcmp(format, "json") == 0;

    for (size_t i = 0; level && i < ARRAY_SIZE(levels); i++) {
        if (strcmp(level, levels[i]) == 0)
            log_set_level((enum log_level)i);
    }
    log_set_sink(json ? log_to_json : log_to_logfmt, &log_descriptor);
    log_set_context(job_log_context);
}

/* Settings that a worker gives to its runners by the environment, whatever they came from: a runner
 * reads no file of settings, which may have changed since. */
static const struct {
    enum setting_id id;
    const char *variable;
} exported[] = {
    {SETTING_LOG_FORMAT, "PLAIN_LOG_FORMAT"},
    {SETTING_LOG_LEVEL, "PLAIN_LOG_LEVEL"},
    {SETTING_DATABASE_URL, "DATABASE_URL"},
};

int cli_set_log(struct cli *cli, plain_error *err)
{
    int r = cli_settings(cli, err);

    if (r == PLAIN_OK)
        set_log(settings_text(cli->settings, SETTING_LOG_FORMAT),
                settings_text(cli->settings, SETTING_LOG_LEVEL));
    return r;
}

int cli_start_log(struct cli *cli, plain_error *err)
{
    int r = cli_set_log(cli, err);

    if (r < 0)
        return r;
    for (size_t i = 0; i < ARRAY_SIZE(exported); i++) {
        if (setenv(exported[i].variable, settings_text(cli->settings, exported[i].id), 1) != 0)
            return error_nomem(err);
    }
    return PLAIN_OK;
}

static int run_runner(int argc, char **argv, const plain_module *module)
{
    set_log(getenv("PLAIN_LOG_FORMAT"), getenv("PLAIN_LOG_LEVEL"));
    return runner_main(argc, argv, module);
}

static int run_scheduler(int argc, char **argv, const plain_module *module)
{
    set_log(getenv("PLAIN_LOG_FORMAT"), getenv("PLAIN_LOG_LEVEL"));
    return scheduler_main(argc, argv, module);
}

static int override_settings(struct cli *cli, plain_error *err)
{
    const char *url = option_text(&cli->args, OPTION_DB);
    int r = PLAIN_OK;

    if (url)
        r = settings_override(cli->settings, SETTING_DATABASE_URL, url, "--db", err);
    if (r == PLAIN_OK && cli->quiet)
        r = settings_override(cli->settings, SETTING_LOG_LEVEL, "WARNING", "--quiet", err);
    if (r == PLAIN_OK && option_given(&cli->args, OPTION_VERBOSE))
        r = settings_override(cli->settings, SETTING_LOG_LEVEL, "DEBUG", "-v", err);
    return r;
}

int cli_settings(struct cli *cli, plain_error *err)
{
    if (cli->settings)
        return PLAIN_OK;
    int r = settings_load(option_text(&cli->args, OPTION_CONFIG), &cli->settings, err);
    return r < 0 ? r : override_settings(cli, err);
}

int cli_registry(struct cli *cli, struct registry **out, plain_error *err)
{
    int r = cli_settings(cli, err);

    return r < 0 ? r : module_load_all(cli->settings, cli->own, out, err);
}

int cli_store(struct cli *cli, unsigned flags, struct store **out, plain_error *err)
{
    struct store *store = NULL;
    int r = cli_settings(cli, err);

    if (r == PLAIN_OK)
        r = store_open(settings_text(cli->settings, SETTING_DATABASE_URL), flags, &store, err);
    if (r == PLAIN_OK)
        r = store_check_schema(store, err);
    if (r < 0) {
        store_close(store);
        return r;
    }
    *out = store;
    return PLAIN_OK;
}

int cli_jobs(struct cli *cli, plain_jobs **out, plain_error *err)
{
    int r = cli_settings(cli, err);

    if (r < 0)
        return r;
    return plain_jobs_open(settings_text(cli->settings, SETTING_DATABASE_URL), out, err);
}

int cli_flush(struct cli *cli, plain_error *err)
{
    if (!buf_ok(&cli->out) || !arena_ok(&cli->arena))
        return error_nomem(err);
    int failed = fflush(stdout) ? errno : 0; /* what a job has printed in this process */
    if (!failed)
        failed = write_all(STDOUT_FILENO, cli->out.data, cli->out.len, -1);
    buf_reset(&cli->out); /* of what failed in the middle no second flush begins again */
    if (failed)
        return error_set_errno(err, PLAIN_E_IO, 705, "", failed, "writing the output");
    return PLAIN_OK;
}

int cli_flush_some(struct cli *cli, plain_error *err)
{
    return cli->out.len > OUT_SOME ? cli_flush(cli, err) : PLAIN_OK;
}

void cli_say(const struct cli *cli, const char *fmt, ...)
{
    struct buf line = BUF_INIT(SAY_MAX);
    char text[SAY_MAX / 8];
    va_list ap;

    if (cli->quiet)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    buf_put_escaped(&line, text);
    (void)fprintf(stderr, "%s\n", line.data);
    buf_release(&line);
}

static void read_globals(struct cli *cli)
{
    cli->json = option_given(&cli->args, OPTION_JSON);
    cli->quiet = option_given(&cli->args, OPTION_QUIET);
    cli->utc = option_given(&cli->args, OPTION_UTC);
    cli->terminal = isatty(STDOUT_FILENO) == 1;
    bool may_colour = !option_given(&cli->args, OPTION_NO_COLOR);
    cli->colour = may_colour && !cli->json && terminal_has_colours(STDOUT_FILENO);
    cli->colour_err = may_colour && terminal_has_colours(STDERR_FILENO);
}

/* No command, or only the group: says what there is. Not what was asked for, so not a success. */
static int lacks_command(struct cli *cli, plain_error *err)
{
    help_overview(cli, cli->args.group);
    help_end(cli);
    int r = cli_flush(cli, err);
    if (r < 0)
        return r;
    return error_set(err, PLAIN_E_INVALID, 201, "command", "a command is missing");
}

static int run_command(struct cli *cli, plain_error *err)
{
    const struct command *command = cli->args.command;
    int r;

    if (option_given(&cli->args, OPTION_VERSION))
        r = cmd_version(cli, err);
    else if (option_given(&cli->args, OPTION_HELP)) {
        help_command(cli);
        help_end(cli);
        r = PLAIN_OK;
    } else if (command)
        r = command->run(cli, err);
    else
        return lacks_command(cli, err);
    /* What was done so far is told even when the rest failed; then that is the error. */
    int flushed = cli_flush(cli, r < 0 ? NULL : err);
    return r >= 0 && flushed < 0 ? flushed : r;
}

/* What was closed would be given to the next thing that is opened, a database for one, and what is
 * meant for us to print would go there. Writing to stdout fails still. */
static void fill_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
    }
}

int plain_main(int argc, char **argv, const plain_module *module)
{
    struct cli cli = {.own = module, .arena = ARENA_INIT, .out = BUF_INIT(OUT_MAX)};
    plain_error err = {0};

    fill_descriptors();
    if (argc > 1 && strcmp(argv[1], RUNNER_COMMAND) == 0)
        return run_runner(argc, argv, module);
    if (argc > 1 && strcmp(argv[1], KEEPER_COMMAND) == 0)
        return keeper_main(argc, argv);
    if (argc > 1 && strcmp(argv[1], SCHEDULER_COMMAND) == 0)
        return run_scheduler(argc, argv, module);
    cli.is_bench = argc > 1 && strcmp(argv[1], BENCH_WORKER_COMMAND) == 0;
    if (cli.is_bench || (argc > 1 && strcmp(argv[1], GENERATION_COMMAND) == 0)) {
        cli.ready_fd = GENERATION_READY_FD;
        (void)fcntl(cli.ready_fd, F_SETFD, FD_CLOEXEC);
        argv++;
        argc--;
    }
    int r = arguments_parse(&command_table, argc, argv, &cli.arena, &cli.args, &err);
    read_globals(&cli);
    if (r == PLAIN_OK)
        r = run_command(&cli, &err);
    if (r < 0)
        report_error(&err, cli.json, cli.colour_err);
    settings_free(cli.settings);
    buf_release(&cli.out);
    arena_release(&cli.arena);
    return r == PLAIN_OK ? cli.exit_code : error_exit_code(r);
}
