/* params_fallback_test.c - fallbacks of optional parameters, and tables of parameters refused */
#include "core/params.h"

#include "core/class.h"
#include "core/param_value.h"
#include "tests/harness/harness.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

struct defaults {
    int64_t width;
    const char *format;
    bool notify;
    plain_date since;
    plain_model owner;
    plain_strings tags;
    plain_json extra;
    plain_datetimes at;
};

static const plain_param defaults_params[] = {
    PLAIN_PARAM_DEFAULT(struct defaults, width, " 320 "),
    PLAIN_PARAM_DEFAULT(struct defaults, format, "\"png\""),
    PLAIN_PARAM_DEFAULT(struct defaults, notify, "true"),
    PLAIN_PARAM_DEFAULT(struct defaults, since, "\"__plain://date/2000-01-01\""),
    PLAIN_PARAM_DEFAULT(struct defaults, owner, "\"__plain://model/app/user/1\""),
    PLAIN_PARAM_DEFAULT(struct defaults, tags, "[\"a\", \"b\"]"),
    PLAIN_PARAM_DEFAULT(struct defaults, extra, "{\"x\": null}"),
    PLAIN_PARAM_DEFAULT(struct defaults, at, "[\"__plain://datetime/2026-01-01T00:00:00Z\"]"),
    PLAIN_PARAMS_END,
};

static const plain_job_class Defaults = {
    PLAIN_JOB_CLASS(struct defaults),
    .name = "Defaults",
    .params = defaults_params,
    .run = run_nothing,
};

/* What a class reads; it lives in a. */
static const void *read_stored(const plain_job_class *cls, struct arena *a, const char *stored)
{
    const void *read = NULL;
    plain_error err;

    if (params_decode(cls, stored, a, &read, &err) < 0)
        fail_msg("%s: %s", stored, err.message);
    return read;
}

static void fallbacks_take_the_place_of_what_is_absent_or_null(void **state)
{
    static const char *const absent[] = {
        "{}", NULL, "{\"args\": [null, null], \"kwargs\": {\"tags\": null, \"extra\": null}}"};

    (void)state;
    assert_int_equal(class_check(&Defaults, NULL), PLAIN_OK);
    for (size_t i = 0; i < COUNT(absent); i++) {
        struct arena a = ARENA_INIT;
        const struct defaults *read = read_stored(&Defaults, &a, absent[i]);

        assert_int_equal(read->width, 320);
        assert_string_equal(read->format, "png");
        assert_true(read->notify);
        assert_int_equal(read->since.year, 2000);
        assert_string_equal(read->owner.id, "1");
        assert_int_equal(read->tags.count, 2);
        assert_string_equal(read->tags.items[1], "b");
        assert_string_equal(read->extra.text, "{\"x\": null}");
        assert_true(read->at.items[0].has_offset);
        arena_release(&a);
    }
}

static void a_value_goes_before_its_fallback(void **state)
{
    static const char *const none[] = {NULL};
    const struct defaults params = {.format = "", .tags = {.items = none, .count = 0}};
    struct buf out = BUF_INIT(PARAMS_BUF_MAX);
    struct arena a = ARENA_INIT;

    (void)state;
    assert_int_equal(params_encode(&Defaults, &params, &out, NULL), PLAIN_OK);
    assert_string_equal(out.data,
                        "{\"args\": [], \"kwargs\": {\"width\": 0, \"format\": \"\", \"notify\": "
                        "false, \"tags\": []}}");
    const struct defaults *read = read_stored(&Defaults, &a, out.data);
    assert_int_equal(read->width, 0);
    assert_string_equal(read->format, "");
    assert_false(read->notify);
    assert_int_equal(read->tags.count, 0);
    assert_int_equal(read->since.year, 2000);
    buf_release(&out);
    arena_release(&a);
}

/* Rows of a program whose headers had no fallback yet. */
struct old_param {
    const char *name;
    plain_type type;
    unsigned flags;
    size_t offset, size;
};

static void a_table_without_fallbacks_has_none(void **state)
{
    static const struct old_param rows[] = {
        {"width", PLAIN_TYPE_INT64, PLAIN_OPTIONAL, 0, sizeof(int64_t)},
        {NULL, PLAIN_TYPE_BOOL, 0, 0, 0},
    };
    const void *table = rows;
    const plain_job_class old = {
        .size = sizeof(plain_job_class),
        .param_size = sizeof(rows[0]),
        .params_size = sizeof(int64_t),
        .name = "Old",
        .params = table,
        .run = run_nothing,
    };
    struct arena a = ARENA_INIT;

    (void)state;
    assert_int_equal(class_check(&old, NULL), PLAIN_OK);
    const int64_t *width = read_stored(&old, &a, "{}");
    assert_int_equal(*width, 0);
    arena_release(&a);
}

#define ROW(kind, flag, json)                                                                      \
    {                                                                                              \
        .name = "x", .type = (plain_type)(kind), .flags = (flag), .size = param_size(kind),        \
        .fallback = (json)                                                                         \
    }

static void a_class_with_a_bad_parameter_is_refused(void **state)
{
    const int strings = PLAIN_TYPE_ARRAY + PLAIN_TYPE_STRING;
    const plain_param bad[] = {
        ROW(PLAIN_TYPE_INT64, PLAIN_OPTIONAL, "\"320\""),
        ROW(PLAIN_TYPE_INT64, PLAIN_OPTIONAL, "null"),
        ROW(PLAIN_TYPE_INT64, PLAIN_OPTIONAL, "3 20"),
        ROW(PLAIN_TYPE_INT64, PLAIN_OPTIONAL, ""),
        ROW(PLAIN_TYPE_INT64, 0, "320"),
        ROW(PLAIN_TYPE_DATE, PLAIN_OPTIONAL, "\"2026-11-24\""),
        ROW(PLAIN_TYPE_DATE, PLAIN_OPTIONAL, "\"__plain://date/2026-02-30\""),
        ROW(PLAIN_TYPE_DATETIME, PLAIN_OPTIONAL | PLAIN_NEED_OFFSET,
            "\"__plain://datetime/2026-01-01T00:00:00\""),
        ROW(strings, PLAIN_OPTIONAL, "[\"a\", 1]"),
        ROW(strings, PLAIN_OPTIONAL, "\"a\""),
        ROW(PLAIN_TYPE_DATE, PLAIN_NEED_OFFSET, NULL),
        ROW(PLAIN_TYPE_INT64, 4u, NULL),
        {.name = "x", .type = PLAIN_TYPE_ARRAY, .size = sizeof(plain_strings)},
        {.name = "x", .type = (plain_type)strings, .size = sizeof(const char *)},
        {.name = "x", .type = (plain_type)(2 * PLAIN_TYPE_ARRAY), .size = sizeof(plain_strings)},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        const plain_param params[] = {bad[i], PLAIN_PARAMS_END};
        plain_job_class cls = Defaults;
        plain_error err;

        cls.params = params;
        if (class_check(&cls, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: row %zu", i);
        assert_int_equal(err.pj, 110);
        assert_string_equal(err.field, "x");
    }
}

static int check_and_read(void)
{
    struct arena a = ARENA_INIT;
    const void *read = NULL;
    plain_error err;

    int result = class_check(&Defaults, &err);
    if (result == PLAIN_OK)
        result = params_decode(&Defaults, "{}", &a, &read, &err);
    arena_release(&a);
    return result;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    harness_fail_each_allocation(check_and_read, PLAIN_E_NOMEM);
}

HARNESS_MAIN(fallbacks_take_the_place_of_what_is_absent_or_null, a_value_goes_before_its_fallback,
             a_table_without_fallbacks_has_none, a_class_with_a_bad_parameter_is_refused,
             survives_every_failing_allocation)
