/* json_test.c - what json.h promises */
#include "core/json.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "tests/harness/harness.h"

static struct jtext checked(const char *text)
{
    struct jtext value;
    plain_error err;

    if (jtext_check(text, strlen(text), 128, "x", &value, &err) < 0)
        fail_msg("%s: %s", text, err.message);
    return value;
}

static void assert_slice(struct jtext slice, const char *expected)
{
    char text[256];

    assert_true(slice.n < sizeof(text));
    memcpy(text, slice.p, slice.n);
    text[slice.n] = '\0';
    assert_string_equal(text, expected);
}

/* The member behind the first i ones. */
static struct jtext_member member(const char *container, size_t i)
{
    struct jtext_walk walk = jtext_walk_start(checked(container));
    struct jtext_member m;

    do {
        assert_true(jtext_walk_next(&walk, &m));
    } while (i-- > 0);
    return m;
}

static void cuts_members_to_the_byte(void **state)
{
    static const char text[] =
        " { \"a\" : [1, {\"]\": \"}\"}] ,\"b\\\"\":  -1.50e+3,\n\"c\":\"x,\\\\\" , "
        "\"d\": null,\"e\":{} } ";

    (void)state;
    assert_slice(member(text, 0).key, "\"a\"");
    assert_slice(member(text, 0).value, "[1, {\"]\": \"}\"}]");
    assert_slice(member(text, 1).key, "\"b\\\"\"");
    assert_slice(member(text, 1).value, "-1.50e+3");
    assert_slice(member(text, 2).value, "\"x,\\\\\"");
    assert_slice(member(text, 3).value, "null");
    assert_slice(member(text, 4).value, "{}");
    assert_slice(checked(" \t1\n"), "1");
}

static void cuts_elements_to_the_byte(void **state)
{
    (void)state;
    assert_slice(member("[ 12 , [], \"a]\" ]", 0).value, "12");
    assert_slice(member("[ 12 , [], \"a]\" ]", 1).value, "[]");
    assert_slice(member("[ 12 , [], \"a]\" ]", 2).value, "\"a]\"");
    assert_int_equal(member("[1]", 0).key.n, 0);
}

static void walks_over_nothing_in_an_empty_container(void **state)
{
    struct jtext_walk object = jtext_walk_start(checked("{ }"));
    struct jtext_walk array = jtext_walk_start(checked("[]"));
    struct jtext_member m;

    (void)state;
    assert_false(jtext_walk_next(&object, &m));
    assert_false(jtext_walk_next(&array, &m));
}

static void knows_every_kind(void **state)
{
    static const struct {
        const char *text;
        enum jtext_kind kind;
    } kinds[] = {
        {"{}", JTEXT_OBJECT}, {"[]", JTEXT_ARRAY},    {"\"\"", JTEXT_STRING}, {"-1", JTEXT_NUMBER},
        {"true", JTEXT_TRUE}, {"false", JTEXT_FALSE}, {"null", JTEXT_NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        assert_int_equal(jtext_kind(checked(kinds[i].text)), kinds[i].kind);
    assert_string_equal(jtext_kind_name(JTEXT_NUMBER), "a number");
    assert_string_equal(jtext_kind_name(JTEXT_NULL), "null");
}

static void sees_a_name_through_its_escapes(void **state)
{
    (void)state;
    assert_true(jtext_key_is(member("{\"user_id\": 1}", 0).key, "user_id"));
    assert_true(jtext_key_is(member("{\"\\u0075ser\\u005Fid\": 1}", 0).key, "user_id"));
    assert_false(jtext_key_is(member("{\"user_id2\": 1}", 0).key, "user_id"));
    assert_false(jtext_key_is(member("{\"user_i\": 1}", 0).key, "user_id"));
    assert_false(jtext_key_is(member("{\"\": 1}", 0).key, "user_id"));
    assert_false(jtext_key_is(member("{\"user\\/id\": 1}", 0).key, "user_id"));
    assert_false(jtext_key_is(member("{\"user\\u0175\": 1}", 0).key, "useru"));
}

static void gives_the_characters_of_a_string(void **state)
{
    struct arena a = ARENA_INIT;

    (void)state;
    assert_string_equal(jtext_string(checked("\"plain \xC3\xA9\""), &a), "plain \xC3\xA9");
    assert_string_equal(jtext_string(checked("\"\\u00e9\\n\\\"\\ud83d\\ude00\""), &a),
                        "\xC3\xA9\n\"\xF0\x9F\x98\x80");
    assert_string_equal(jtext_string(checked("\"\""), &a), "");
    arena_release(&a);
}

static void refuses_what_is_no_json(void **state)
{
    static const char *const bad[] = {
        "",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{'a':1}",
        "nul",
        "1 2",
        "01",
        "+1",
        ".5",
        "1.",
        "NaN",
        "Infinity",
        "1e400",                     /* no double holds it */
        "{\"a\":1,\"a\":2}",         /* a name twice */
        "{\"a\":1,\"\\u0061\":2}",   /* the same in disguise */
        "{\"o\":{\"a\":1,\"a\":2}}", /* further down */
        "\"\\u0000\"",               /* NUL */
        "{\"\\u0000\":1}",           /* NUL in a name */
        "\"\\ud800\"",               /* half a pair */
        "\"\\udc00\\ud800\"",        /* a pair the wrong way round */
        "\"\xFF\"",                  /* not UTF-8 */
        "\"\xC0\xAF\"",              /* overlong */
        "\"\xED\xA0\x80\"",          /* a surrogate in UTF-8 */
        "\"\xF4\x90\x80\x80\"",      /* beyond U+10FFFF */
        "\"a\nb\"",                  /* a control character */
        "\xEF\xBB\xBF{}",            /* a byte order mark */
        "// comment\n{}",
    };
    plain_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (jtext_check(bad[i], strlen(bad[i]), 128, "parameters", NULL, &err) == PLAIN_OK)
            fail_msg("accepted: %s", bad[i]);
        assert_int_equal(err.code, PLAIN_E_INVALID);
        assert_int_equal(err.pj, 602);
        assert_string_equal(err.field, "parameters");
        assert_non_null(strstr(err.message, "at byte "));
    }
    assert_int_equal(jtext_check("\"a\0b\"", 5, 128, "x", NULL, &err), PLAIN_E_INVALID);
}

static void says_at_which_byte(void **state)
{
    plain_error err;

    (void)state;
    assert_int_equal(jtext_check("{\"a\": @}", 8, 128, "parameters", NULL, &err), PLAIN_E_INVALID);
    assert_non_null(strstr(err.message, "at byte 7"));
}

static void takes_integers_of_any_length_that_a_double_holds(void **state)
{
    char digits[302];

    (void)state;
    memset(digits, '0', sizeof(digits));
    digits[0] = '1';
    digits[301] = '\0';
    assert_int_equal(checked(digits).n, 301);
}

/* Nested arrays, alternating with objects. */
static char *nested(unsigned depth)
{
    char *text = mem_zalloc(depth, 8);
    size_t n = 0;

    assert_non_null(text);
    for (unsigned i = 0; i < depth; i++)
        n += (size_t)snprintf(text + n, 6, "%s", i % 2 ? "[" : "{\"a\":");
    if (depth % 2)
        n += (size_t)snprintf(text + n, 2, "1");
    for (unsigned i = depth; i-- > 0; n++)
        text[n] = i % 2 ? ']' : '}';
    return text;
}

static int check_nested(unsigned depth, plain_error *err)
{
    char *text = nested(depth);
    int r = jtext_check(text, strlen(text), 128, "x", NULL, err);

    mem_free(text);
    return r;
}

static void refuses_one_level_too_many_and_a_hundred_thousand(void **state)
{
    plain_error err;

    (void)state;
    assert_int_equal(check_nested(127, &err), PLAIN_OK);
    assert_int_equal(check_nested(128, &err), PLAIN_OK);
    assert_int_equal(check_nested(129, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_non_null(strstr(err.message, "deeper than 128 levels at byte 384"));
    assert_int_equal(check_nested(100000, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
}

static void brackets_in_strings_are_no_levels(void **state)
{
    char text[600];

    (void)state;
    memset(text, '[', sizeof(text));
    text[0] = '"';
    text[598] = '"';
    text[599] = '\0';
    assert_int_equal(checked(text).n, 599);
}

HARNESS_MAIN(cuts_members_to_the_byte, cuts_elements_to_the_byte,
             walks_over_nothing_in_an_empty_container, knows_every_kind,
             sees_a_name_through_its_escapes, gives_the_characters_of_a_string,
             refuses_what_is_no_json, says_at_which_byte,
             takes_integers_of_any_length_that_a_double_holds,
             refuses_one_level_too_many_and_a_hundred_thousand, brackets_in_strings_are_no_levels)
