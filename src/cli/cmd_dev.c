/*
 * cmd_dev.c - plain dev: the programs of the section `dev`, or a reloading worker and the admin
 */
#include <limits.h>
#include <string.h>

#include "base/error.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/dev.h"
#include "cli/own_program.h"
#include "core/command_words.h"

enum { GRACE_MS = 30000, GRACE_MARGIN_MS = 5000 };

static const struct dev_line without_section[] = {
    {"worker", "plain jobs worker --reload", "plain dev"},
    {"admin", "plain admin", "plain dev"},
};

/* A `plain` command gets our own --config and --db, as if they had been written there. */
static int add_globals(struct cli *cli, char ***words, size_t count, plain_error *err)
{
    const char *config = option_text(&cli->args, OPTION_CONFIG);
    const char *url = option_text(&cli->args, OPTION_DB);
    char **list = arena_array(&cli->arena, count + 3, sizeof(*list));
    size_t n = 0;

    if (!list)
        return error_nomem(err);
    list[n++] = (*words)[0];
    if (config)
        list[n++] = arena_printf(&cli->arena, "--config=%s", config);
    if (url)
        list[n++] = arena_printf(&cli->arena, "--db=%s", url);
    for (size_t i = 1; i < count; i++)
        list[n++] = (*words)[i];
    *words = list;
    return arena_ok(&cli->arena) ? PLAIN_OK : error_nomem(err);
}

/* Its runners end with it, and what they have started with them. */
static bool is_worker(char **words, size_t count)
{
    for (size_t i = 1; i + 1 < count; i++) {
        if (strcmp(words[i], "jobs") == 0 && strcmp(words[i + 1], "worker") == 0)
            return true;
    }
    return false;
}

static int read_line(struct cli *cli, const struct dev_line *line, const char *own,
                     struct dev_program *out, plain_error *err)
{
    char **words = NULL;
    size_t count = 0;
    int r = command_words(line->command, line->place, &cli->arena, &words, &count, err);

    if (r < 0)
        return r;
    bool is_own = strcmp(words[0], "plain") == 0;
    bool ends_alone = is_own && is_worker(words, count);
    if (is_own)
        r = add_globals(cli, &words, count, err);
    *out = (struct dev_program){.name = line->name,
                                .path = is_own ? own : words[0],
                                .argv = words,
                                .ends_alone = ends_alone};
    return r;
}

/* Workers have their own grace, and are given time to tell of its end. */
static int64_t grace_ms(const struct settings *s)
{
    int64_t grace = settings_duration_ms(s, SETTING_JOBS_SHUTDOWN_GRACE);

    return grace > 0 ? grace + GRACE_MARGIN_MS : GRACE_MS;
}

int cmd_dev(struct cli *cli, plain_error *err)
{
    char room[PATH_MAX];
    const char *own = own_program(cli, room);
    size_t count = 0;
    int r = cli_settings(cli, err);

    if (r < 0)
        return r;
    const struct dev_line *lines = settings_dev_lines(cli->settings, &count);
    if (count == 0) {
        lines = without_section;
        count = ARRAY_SIZE(without_section);
    }
    struct dev_program *programs = arena_array(&cli->arena, count, sizeof(*programs));
    if (!programs)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++)
        r = read_line(cli, &lines[i], own, &programs[i], err);
    if (r < 0)
        return r;
    const struct dev_options options = {.programs = programs,
                                        .count = count,
                                        .grace_ms = grace_ms(cli->settings),
                                        .colours = cli->colour,
                                        .quiet = cli->quiet};
    return dev_run(&options, err);
}
