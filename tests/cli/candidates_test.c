/* candidates_test.c - what candidates.h promises, as far as it needs no jobs */
#include "cli/candidates.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/harness.h"

enum { OUT_SIZE = 16 * 1024 };

/* The words of a line, separated by single blanks; the last one may be empty. Meanings are cut off.
 */
static const char *candidates(const char *line)
{
    static char found[OUT_SIZE];
    struct cli cli = {.arena = ARENA_INIT, .out = BUF_INIT(OUT_SIZE)};
    const char *words[16];
    size_t count = 0, used = 0;
    char copy[256];

    (void)snprintf(copy, sizeof(copy), "%s", line);
    for (char *rest = copy; rest;)
        words[count++] = strsep(&rest, " ");
    put_candidates(&cli, words, count);
    assert_true(buf_ok(&cli.out));
    found[0] = '\0';
    for (const char *p = cli.out.data; *p; p = strchr(p, '\n') + 1)
        used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%.*s", used ? " " : "",
                                 (int)strcspn(p, "\t\n"), p);
    buf_release(&cli.out);
    arena_release(&cli.arena);
    return found;
}

static void commands_and_groups(void **state)
{
    (void)state;
    assert_string_equal(candidates("mig"), "migrate");
    assert_string_equal(candidates("job"), "jobs");
    assert_string_equal(candidates("jobs pu"), "purge");
    assert_string_equal(candidates("jobs nonsense p"), "");
    assert_string_equal(candidates("nonsense p"), "");
}

static void options_of_the_command_and_of_all(void **state)
{
    (void)state;
    assert_string_equal(candidates("--qui"), "--quiet");
    assert_string_equal(candidates("jobs requests --qu"), "--quiet --queue");
    assert_string_equal(candidates("--db x jobs requests --qu"), "--quiet --queue");
    assert_string_equal(candidates("jobs requests -- --qu"), "");
}

static void values_by_what_help_calls_them(void **state)
{
    (void)state;
    assert_string_equal(candidates("jobs results --status L"), "LOST");
    assert_string_equal(candidates("jobs results --status=L"), "--status=LOST");
    assert_string_equal(candidates("jobs results --limit L"), "");
    assert_string_equal(candidates("jobs results --quiet L"), "");
    assert_string_equal(candidates("jobs next --dst "), "cron wall");
    assert_string_equal(candidates("--config pl"), CANDIDATES_FILES);
}

static void operands_by_their_place(void **state)
{
    (void)state;
    assert_string_equal(candidates("completion "), "bash zsh fish");
    assert_string_equal(candidates("config LOG_"), "LOG_FORMAT LOG_LEVEL");
    assert_string_equal(candidates("config LOG_LEVEL LOG_"), "");
    assert_string_equal(candidates("jobs show x"), "");
    assert_string_equal(candidates("migrate x"), "");
}

HARNESS_MAIN(commands_and_groups, options_of_the_command_and_of_all, values_by_what_help_calls_them,
             operands_by_their_place)
