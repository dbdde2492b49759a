#include "cli/worker_reload.h"

#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "cli/commands.h"
#include "cli/own_program.h"
#include "worker/reload.h"

/* Two sets of texts: the old ones last until the new ones are whole. */
struct planner {
    struct cli *cli;
    struct arena arenas[2];
    int turn;
    char program[PATH_MAX]; /* of a program that is its own worker, else "" */
};

/* The configured words, NULL when there are none. */
static char *const *copy_words(struct arena *a, const char *const *words, size_t count)
{
    char **copy = arena_array(a, count + 1, sizeof(*copy));

    for (size_t i = 0; copy && i < count; i++)
        copy[i] = arena_strdup(a, words[i]);
    return count > 0 ? copy : NULL;
}

static void add_file(const char **files, size_t *count, const char *path)
{
    if (path && *path)
        files[(*count)++] = path;
}

static int make_plan(struct planner *p, struct arena *a, const struct settings *s,
                     struct reload_plan *out, plain_error *err)
{
    size_t words = 0, modules = 0;
    const char *const *command = settings_list(s, SETTING_JOBS_BUILD_COMMAND, &words);
    const char *const *listed = settings_list(s, SETTING_JOBS_MODULES, &modules);
    const char **files = arena_array(a, modules + 2, sizeof(*files));
    struct reload_plan plan = {.build = copy_words(a, command, words), .files = files};

    for (size_t i = 0; files && i < modules; i++)
        add_file(files, &plan.file_count, arena_strdup(a, listed[i]));
    if (files) {
        add_file(files, &plan.file_count, option_text(&p->cli->args, OPTION_CONFIG));
        add_file(files, &plan.file_count, p->program);
    }
    if (!arena_ok(a))
        return error_nomem(err);
    if (plan.build && !*plan.build[0])
        return error_set(err, PLAIN_E_INVALID, 202, "JOBS_BUILD_COMMAND",
                         "JOBS_BUILD_COMMAND names no program: its first word is empty");
    *out = plan;
    return PLAIN_OK;
}

static int plan(void *user, struct reload_plan *out, plain_error *err)
{
    struct planner *p = user;
    struct arena *a = &p->arenas[!p->turn];
    struct settings *s = NULL;

    arena_reset(a);
    int r = settings_load(option_text(&p->cli->args, OPTION_CONFIG), &s, err);
    if (r == PLAIN_OK)
        r = make_plan(p, a, s, out, err);
    settings_free(s);
    if (r == PLAIN_OK)
        p->turn = !p->turn;
    return r;
}

/* Appends each option as it was given, but for --reload. */
static void put_options(struct cli *cli, const struct cli_option *options, char **argv, size_t *n)
{
    for (; options && options->name; options++) {
        const struct option_values *given = &cli->args.values[options->id];

        for (size_t i = 0; i < given->count && options->id != OPTION_RELOAD; i++)
            argv[(*n)++] = options->value ? arena_printf(&cli->arena, "--%s=%s", options->name,
                                                         given->texts[i])
                                          : arena_printf(&cli->arena, "--%s", options->name);
    }
}

static char *const *worker_argv(struct cli *cli)
{
    static const char *const begin[] = {"plain", GENERATION_COMMAND, "jobs", "worker"};
    struct arena *a = &cli->arena;
    size_t n = 0, most = ARRAY_SIZE(begin) + 1;

    for (size_t i = 0; i < OPTION_COUNT; i++)
        most += cli->args.values[i].count;
    char **argv = arena_array(a, most, sizeof(*argv));
    if (!argv)
        return NULL;
    for (; n < ARRAY_SIZE(begin); n++)
        argv[n] = arena_strdup(a, begin[n]);
    put_options(cli, command_table.globals, argv, &n);
    put_options(cli, cli->args.command->options, argv, &n);
    return arena_ok(a) ? argv : NULL;
}

int worker_reload(struct cli *cli, plain_error *err)
{
    struct planner p = {.cli = cli, .arenas = {ARENA_INIT, ARENA_INIT}};
    const struct reload_options options = {
        .program = own_program(cli, p.program), .argv = worker_argv(cli), .plan = plan, .user = &p};
    int r = options.argv ? reload_run(&options, err) : error_nomem(err);

    arena_release(&p.arenas[0]);
    arena_release(&p.arenas[1]);
    return r;
}
