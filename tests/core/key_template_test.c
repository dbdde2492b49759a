/* key_template_test.c - what key_template.h and param_text.h promise */
#include "core/key_template.h"

#include <stdio.h>
#include <string.h>

#include "core/param_text.h"
#include "core/param_value.h"
#include "tests/harness/harness.h"

struct values {
    int64_t user_id;
    const char *name;
    bool loud;
    double share;
    plain_date day;
    plain_strings tags;
    plain_json raw;
};

static const plain_param params[] = {
    PLAIN_PARAM(struct values, user_id, 0),
    PLAIN_PARAM(struct values, name, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct values, loud, 0),
    PLAIN_PARAM(struct values, share, 0),
    PLAIN_PARAM(struct values, day, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct values, tags, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct values, raw, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};
static const plain_job_class job = {
    PLAIN_JOB_CLASS(struct values),
    .name = "job",
    .params = params,
};

static const char *const words[] = {"a", "b \"c\""};
static const struct values full = {
    .user_id = -42,
    .name = "Ada \"\n\xC3\xA9",
    .loud = true,
    .share = 0.5,
    .day = {2026, 11, 24},
    .tags = {words, 2},
    .raw = {.text = "{\"x\": 1}"},
};

static void assert_key(const char *text, const struct values *values, const char *expected)
{
    char out[PLAIN_NAME_MAX + 1];
    plain_error err;

    if (key_template_check(text, &job, &err) < 0)
        fail_msg("%s", err.message);
    int n = key_template_render(text, &job, values, out, sizeof(out));
    assert_string_equal(out, expected);
    assert_int_equal(n, strlen(expected));
}

static void placeholders_are_parameters_as_text(void **state)
{
    (void)state;
    assert_key("", &full, "");
    assert_key("fixed", &full, "fixed");
    assert_key("user-{user_id}", &full, "user--42");
    assert_key("{name}", &full, "Ada \"\n\xC3\xA9");
    assert_key("{loud}{share}", &full, "true0.5");
    assert_key("on {day}!", &full, "on 2026-11-24!");
    assert_key("{tags} {raw}", &full, "[\"a\", \"b \\\"c\\\"\"] {\"x\": 1}");
    assert_key("{user_id}{user_id}", &full, "-42-42");
    assert_key("{{user_id}} {{{user_id}}}", &full, "{user_id} {-42}");
}

static void what_is_absent_stands_for_nothing(void **state)
{
    const struct values empty = {.user_id = 7};

    (void)state;
    assert_key("<{name}{day}{raw}>{user_id}", &empty, "<>7");
}

static void a_long_key_tells_its_length(void **state)
{
    char name[400], out[PLAIN_NAME_MAX + 1];
    struct values values = {.name = name};

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    assert_int_equal(key_template_render("{name}", &job, &values, out, sizeof(out)), 399);
}

static void bad_templates_are_refused(void **state)
{
    static const struct {
        const char *text, *message, *fix;
    } bad[] = {
        {"user-{userid}", "{userid}, which is none of the params", "did you mean 'user_id'?"},
        {"{}", "{}, which is none of the params", ""},
        {"{ user_id }", "{ user_id }, which", "'user_id'"},
        {"a{user_id", "brace without its other half", "{{ and }}"},
        {"a}", "brace without its other half", "{{ and }}"},
        {"{", "brace without its other half", "{{ and }}"},
        {"{{}", "brace without its other half", "{{ and }}"},
        {"{user_id{name}}", "brace without its other half", "{{ and }}"},
    };
    plain_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (key_template_check(bad[i].text, &job, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i].text);
        assert_int_equal(err.pj, 202);
        assert_string_equal(err.field, "concurrency_key");
        if (!strstr(err.message, bad[i].message) || !strstr(err.fix, bad[i].fix))
            fail_msg("%s: %s (%s)", bad[i].text, err.message, err.fix);
    }
}

static void a_key_never_lacks_a_part_for_want_of_memory(void **state)
{
    char out[PLAIN_NAME_MAX + 1];
    bool failed = true;

    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        harness_fail_allocation(nth);
        int n = key_template_render("{user_id} {name}", &job, &full, out, sizeof(out));
        failed = harness_allocation_failed();
        if (failed)
            assert_int_equal(n, PLAIN_E_NOMEM);
        else
            assert_string_equal(out, "-42 Ada \"\n\xC3\xA9");
    }
}

static void types_have_names(void **state)
{
    static const char *const none[] = {"",       "int", "s",      "bools ",
                                       "boolss", "[]",  "int32[", "String"};
    plain_type type;
    char name[PARAM_TYPE_NAME_SIZE], plural[PARAM_TYPE_NAME_SIZE + 1];

    (void)state;
    for (unsigned id = PLAIN_TYPE_BOOL; id <= PLAIN_TYPE_MODEL; id++) {
        assert_true(param_type_by_name(param_type_name((plain_type)id, name), &type));
        assert_int_equal(type, id);
        assert_non_null(strstr(param_type_words, name));
        (void)snprintf(plural, sizeof(plural), "%ss", name);
        assert_true(param_type_by_name(plural, &type));
        assert_int_equal(type, id + PLAIN_TYPE_ARRAY);
        assert_true(param_type_by_name(param_type_name(type, name), &type));
        assert_int_equal(type, id + PLAIN_TYPE_ARRAY);
    }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        if (param_type_by_name(none[i], &type))
            fail_msg("accepted: %s", none[i]);
    }
}

static void a_tag_stays_where_the_type_is_another(void **state)
{
    static const char tagged[] = "\"__plain://date/2026-11-24\"";
    const struct jtext value = {tagged, sizeof(tagged) - 1};
    struct arena a = ARENA_INIT;

    (void)state;
    assert_string_equal(param_text(value, PLAIN_TYPE_DATE, &a), "2026-11-24");
    assert_string_equal(param_text(value, PLAIN_TYPE_STRING, &a), "__plain://date/2026-11-24");
    assert_string_equal(param_text(value, (plain_type)0, &a), "__plain://date/2026-11-24");
    arena_release(&a);
}

HARNESS_MAIN(placeholders_are_parameters_as_text, what_is_absent_stands_for_nothing,
             a_long_key_tells_its_length, bad_templates_are_refused,
             a_key_never_lacks_a_part_for_want_of_memory, types_have_names,
             a_tag_stays_where_the_type_is_another)
