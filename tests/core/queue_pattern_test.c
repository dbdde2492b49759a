/* queue_pattern_test.c - what queue_pattern.h promises */
#include "core/queue_pattern.h"

#include <string.h>

#include "tests/harness/harness.h"

static void a_name_matches_itself_alone(void **state)
{
    (void)state;
    assert_false(queue_pattern_is_open("mail"));
    assert_true(queue_pattern_matches("mail", "mail"));
    assert_false(queue_pattern_matches("mail", "mails"));
    assert_false(queue_pattern_matches("mail", "mai"));
    assert_false(queue_pattern_matches("mail", "Mail"));
}

static void a_prefix_matches_what_begins_so(void **state)
{
    (void)state;
    assert_true(queue_pattern_is_open("mail*"));
    assert_true(queue_pattern_matches("mail*", "mail"));
    assert_true(queue_pattern_matches("mail*", "mailing"));
    assert_true(queue_pattern_matches("mail*", "mail*"));
    assert_false(queue_pattern_matches("mail*", "mai"));
    assert_false(queue_pattern_matches("mail*", "amail"));
    assert_true(queue_pattern_matches("\xC3\xA9*", "\xC3\xA9tage"));
}

static void a_star_matches_all(void **state)
{
    (void)state;
    assert_true(queue_pattern_is_open("*"));
    assert_true(queue_pattern_matches("*", "default"));
    assert_true(queue_pattern_matches("*", "*"));
}

static void any_of_several_matches(void **state)
{
    static const char *const patterns[] = {"default", "mail*"};

    (void)state;
    assert_true(queue_patterns_match(patterns, 2, "default"));
    assert_true(queue_patterns_match(patterns, 2, "mail-slow"));
    assert_false(queue_patterns_match(patterns, 2, "slow"));
    assert_false(queue_patterns_match(patterns, 0, "default"));
}

static void check(const char *pattern, int pj)
{
    plain_error err = {0};
    int r = queue_pattern_check(pattern, &err);

    assert_int_equal(r, pj ? PLAIN_E_INVALID : PLAIN_OK);
    assert_int_equal(err.pj, pj);
    if (pj)
        assert_string_equal(err.field, "queue");
}

static void a_star_stands_at_the_end(void **state)
{
    char longest[257];

    (void)state;
    check("mail", 0);
    check("mail*", 0);
    check("*", 0);
    check("a*b", 201);
    check("*mail", 201);
    check("**", 201);
    check("", 105);
    check("a\nb", 105);
    memset(longest, 'q', sizeof(longest) - 1);
    longest[256] = '\0';
    check(longest, 105);
}

HARNESS_MAIN(a_name_matches_itself_alone, a_prefix_matches_what_begins_so, a_star_matches_all,
             any_of_several_matches, a_star_stands_at_the_end)
