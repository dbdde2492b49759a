/* options_test.c - what options.h promises, one test a promise */
#include "cli/options.h"

#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "tests/harness/harness.h"

static const struct cli_option globals[] = {
    {OPTION_DB, 0, false, "db", "URL", ""},
    {OPTION_JSON, 0, false, "json", NULL, ""},
    {OPTION_VERBOSE, 'v', false, "verbose", NULL, ""},
    {OPTION_HELP, 'h', false, "help", NULL, ""},
    {0},
};

static const struct cli_option worker_options[] = {
    {OPTION_QUEUE, 0, true, "queue", "QUEUE", ""},
    {OPTION_DRAIN, 0, false, "drain", NULL, ""},
    {0},
};

static const struct cli_option list_options[] = {
    {OPTION_LIMIT, 0, false, "limit", "N", ""},
    {0},
};

static const struct command commands[] = {
    {.group = "", .name = "help", .operands = "[TOPIC]", .most = 1},
    {.group = "jobs", .name = "worker", .operands = "", .options = worker_options},
    {.group = "jobs", .name = "list", .operands = "", .options = list_options},
    {.group = "jobs", .name = "show", .operands = "UUID", .least = 1, .most = 1},
};

static const struct option_table table = {globals, commands, 4};

static struct arena arena;
static struct arguments args;
static plain_error err;

/* Reads the words of a line, which are separated by single blanks. */
static int parse(const char *line)
{
    static char copy[256];
    char *argv[32] = {NULL};
    int argc = 0;

    arena_release(&arena);
    err = (plain_error){0};
    (void)snprintf(copy, sizeof(copy), "plain %s", line);
    for (char *word = copy, *next; word; word = next) {
        next = strchr(word, ' ');
        if (next)
            *next++ = '\0';
        argv[argc++] = word;
    }
    return arguments_parse(&table, argc, argv, &arena, &args, &err);
}

static void assert_refused(const char *line, const char *message, const char *fix)
{
    assert_int_equal(parse(line), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 201);
    assert_non_null(strstr(err.message, message));
    assert_non_null(strstr(err.fix, fix));
}

static void options_stand_anywhere(void **state)
{
    static const char *const lines[] = {
        "--db x jobs worker --queue a", "jobs --db x worker --queue=a",
        "jobs worker --queue a --db=x", "--queue a jobs worker --db x"};
    (void)state;

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(parse(lines[i]), PLAIN_OK);
        assert_string_equal(args.command->name, "worker");
        assert_string_equal(option_text(&args, OPTION_DB), "x");
        assert_string_equal(option_text(&args, OPTION_QUEUE), "a");
        assert_int_equal(args.operand_count, 0);
    }
}

static void repeatable_options_are_collected_and_of_others_the_last_counts(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs worker --queue a --db x --queue b --db y"), PLAIN_OK);
    assert_int_equal(args.values[OPTION_QUEUE].count, 2);
    assert_string_equal(args.values[OPTION_QUEUE].texts[0], "a");
    assert_string_equal(args.values[OPTION_QUEUE].texts[1], "b");
    assert_string_equal(option_text(&args, OPTION_DB), "y");
}

static void an_option_that_is_not_given_has_no_text(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs worker"), PLAIN_OK);
    assert_null(option_text(&args, OPTION_QUEUE));
    assert_false(option_given(&args, OPTION_DRAIN));
}

static void a_value_may_be_empty_or_hold_an_equals_sign(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs worker --queue= --db=a=b"), PLAIN_OK);
    assert_string_equal(option_text(&args, OPTION_QUEUE), "");
    assert_string_equal(option_text(&args, OPTION_DB), "a=b");
}

static void dashes_without_a_letter_are_operands(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs show -"), PLAIN_OK);
    assert_string_equal(args.operands[0], "-");
    assert_int_equal(parse("jobs show -1"), PLAIN_OK);
    assert_string_equal(args.operands[0], "-1");
    assert_int_equal(parse("jobs show -- --json"), PLAIN_OK);
    assert_string_equal(args.operands[0], "--json");
    assert_false(option_given(&args, OPTION_JSON));
}

static void letters_stand_for_names(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs worker -v"), PLAIN_OK);
    assert_true(option_given(&args, OPTION_VERBOSE));
}

static void what_is_unknown_is_refused_with_the_nearest_name(void **state)
{
    (void)state;
    assert_refused("jobs worker --quue a", "has no option --quue", "--queue");
    assert_refused("jobs worker --limit 3", "has no option --limit", "plain jobs worker --help");
    assert_refused("jobs worker -x", "has no option -x", "--help");
    assert_refused("jobs wroker", "no command \"wroker\"", "plain jobs worker");
    assert_refused("wroker", "no command \"wroker\"", "plain jobs worker");
    assert_refused("job list", "no command \"job\"", "plain jobs");
}

static void a_forgotten_value_is_refused(void **state)
{
    (void)state;
    assert_refused("jobs worker --queue", "--queue lacks its value", "");
    assert_refused("jobs worker --queue --drain", "--queue lacks its value", "--queue=--drain");
    assert_refused("jobs worker --drain=yes", "--drain takes no value", "");
}

static void operands_are_counted(void **state)
{
    (void)state;
    assert_refused("jobs show", "lacks its argument: UUID", "plain jobs show --help");
    assert_refused("jobs show a b", "and not \"b\"", "plain jobs show --help");
    assert_refused("jobs list a", "takes no arguments", "plain jobs list --help");
    assert_int_equal(parse("jobs show --help"), PLAIN_OK);
}

static void a_group_finds_the_commands_outside_of_it(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs help topic"), PLAIN_OK);
    assert_string_equal(args.command->name, "help");
    assert_string_equal(args.operands[0], "topic");
    assert_int_equal(parse("jobs"), PLAIN_OK);
    assert_null(args.command);
    assert_string_equal(args.group, "jobs");
}

static void an_error_leaves_the_global_options_readable(void **state)
{
    (void)state;
    assert_int_equal(parse("jobs --json worker --nonsense"), PLAIN_E_INVALID);
    assert_true(option_given(&args, OPTION_JSON));
}

static void numbers_are_checked(void **state)
{
    int64_t n = 7;
    (void)state;

    assert_int_equal(parse("jobs list"), PLAIN_OK);
    assert_int_equal(option_int(&args, OPTION_LIMIT, "limit", 1, 9, 201, &n, &err), PLAIN_OK);
    assert_int_equal(n, 7);
    assert_int_equal(parse("jobs list --limit -1"), PLAIN_OK);
    assert_int_equal(option_int(&args, OPTION_LIMIT, "limit", 1, 9, 105, &n, &err),
                     PLAIN_E_INVALID);
    assert_int_equal(err.pj, 105);
    assert_string_equal(err.field, "limit");
}

static void survives_every_failing_allocation(void **state)
{
    static char words[7][12] = {"plain", "jobs", "worker", "--queue=a", "--queue", "b", "--json"};
    char *argv[8] = {NULL};

    (void)state;

    for (size_t i = 0; i < 7; i++)
        argv[i] = words[i];
    for (unsigned nth = 0;; nth++) {
        struct arena a = ARENA_INIT;

        harness_fail_allocation(nth);
        int r = arguments_parse(&table, 7, argv, &a, &args, &err);
        bool failed = harness_allocation_failed();
        assert_int_equal(r, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        arena_release(&a);
        if (!failed)
            break;
    }
}

/* What the parser relies on in the program's own table: a name has a value everywhere or nowhere,
 * and stands for one option only. */
static void a_name_means_the_same_in_every_command(void **state)
{
    const struct cli_option *seen[OPTION_COUNT] = {NULL};
    (void)state;

    for (size_t i = 0; i <= command_table.command_count; i++) {
        const struct cli_option *o =
            i ? command_table.commands[i - 1].options : command_table.globals;

        for (; o && o->name; o++) {
            if (!seen[o->id])
                seen[o->id] = o;
            assert_string_equal(seen[o->id]->name, o->name);
            assert_int_equal(!seen[o->id]->value, !o->value);
        }
    }
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        assert_non_null(seen[i]);
        for (size_t k = 0; seen[i] && k < i; k++)
            assert_string_not_equal(seen[i]->name, seen[k]->name);
    }
}

HARNESS_MAIN(options_stand_anywhere, repeatable_options_are_collected_and_of_others_the_last_counts,
             an_option_that_is_not_given_has_no_text, a_value_may_be_empty_or_hold_an_equals_sign,
             dashes_without_a_letter_are_operands, letters_stand_for_names,
             what_is_unknown_is_refused_with_the_nearest_name, a_forgotten_value_is_refused,
             operands_are_counted, a_group_finds_the_commands_outside_of_it,
             an_error_leaves_the_global_options_readable, numbers_are_checked,
             survives_every_failing_allocation, a_name_means_the_same_in_every_command)
