/* command_words_test.c - how a command is split, and what is refused */
#include "core/command_words.h"

#include <string.h>

#include "tests/harness/harness.h"

/* The words with a | behind each; "PJ202" and the message when they are refused. */
static const char *split(struct arena *a, const char *command)
{
    plain_error err = {0};
    char **words = NULL;
    size_t count = 0;

    if (command_words(command, "plain.conf:3", a, &words, &count, &err) < 0)
        return arena_printf(a, "PJ%d %s", err.pj, err.message);
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(a, "%s%s|", text, words[i]);
    assert_null(words[count]);
    return text;
}

static void blanks_quotes_and_backslashes_make_words(void **state)
{
    static const char *const rows[][2] = {
        {"plain jobs worker", "plain|jobs|worker|"},
        {"  a\t b \n", "a|b|"},
        {"a 'b c' \"d e\" f\\ g", "a|b c|d e|f g|"},
        {"a'b'\"c\"d", "abcd|"},
        {"a ''", "a||"},
        {"a '$HOME *' ", "a|$HOME *|"},
        {"a \"\\\"x\\\" \\\\ \\n\"", "a|\"x\" \\ \\n|"},
        {"a '\\'", "a|\\|"},
        {"a \\* \\$x", "a|*|$x|"},
        {"a --x=1 b=2 c~ d#", "a|--x=1|b=2|c~|d#|"},
        {"a b%c,d:e@f+g^h/i", "a|b%c,d:e@f+g^h/i|"},
        {"a \xC3\xA4", "a|\xC3\xA4|"},
    };
    struct arena a = ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(split(&a, rows[i][0]), rows[i][1]);
    arena_release(&a);
}

static void what_needs_a_shell_is_refused(void **state)
{
    static const char *const rows[] = {
        "a | b", "a && b", "a; b",    "a >b",  "a <b",  "a (b)", "a $b",     "a `b`",     "a *",
        "a b?",  "a [b]",  "a {b,c}", "a ! b", "a ~/b", "a #b",  "a \"$b\"", "a \"`b`\"", "X=1 a b",
    };
    struct arena a = ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *said = split(&a, rows[i]);

        if (strncmp(said, "PJ202 plain.conf:3: ", 20) != 0 || !strstr(said, "for a shell"))
            fail_msg("%s: %s", rows[i], said);
    }
    arena_release(&a);
}

static void what_is_cut_off_is_refused(void **state)
{
    static const char *const rows[][2] = {
        {"", "PJ202 plain.conf:3: the command is empty"},
        {" \t ", "PJ202 plain.conf:3: the command is empty"},
        {"'' a", "PJ202 plain.conf:3: the command's name is empty"},
        {"a 'b", "PJ202 plain.conf:3: a single quote is never closed"},
        {"a \"b", "PJ202 plain.conf:3: a double quote is never closed"},
        {"a \"b\\\"", "PJ202 plain.conf:3: a double quote is never closed"},
        {"a b\\", "PJ202 plain.conf:3: nothing stands behind the last backslash"},
    };
    struct arena a = ARENA_INIT;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_string_equal(split(&a, rows[i][0]), rows[i][1]);
    arena_release(&a);
}

static void without_memory_it_says_so(void **state)
{
    struct arena a = ARENA_INIT;
    plain_error err = {0};
    char **words;
    size_t count;

    (void)state;
    harness_fail_allocation(0);
    assert_int_equal(command_words("a b", "x", &a, &words, &count, &err), PLAIN_E_NOMEM);
    assert_true(harness_allocation_failed());
    arena_release(&a);
}

HARNESS_MAIN(blanks_quotes_and_backslashes_make_words, what_needs_a_shell_is_refused,
             what_is_cut_off_is_refused, without_memory_it_says_so)
