/* params_pairs_test.c - what params.h promises of a command line's "name=value" */
#include "core/params.h"

#include <stdio.h>
#include <string.h>

#include "tests/harness/harness.h"

struct everything {
    bool on;
    int32_t small;
    int64_t large;
    uint32_t positive;
    double real;
    const char *text;
    plain_json raw;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param everything_params[] = {
    PLAIN_PARAM(struct everything, on, 0),    PLAIN_PARAM(struct everything, small, 0),
    PLAIN_PARAM(struct everything, large, 0), PLAIN_PARAM(struct everything, positive, 0),
    PLAIN_PARAM(struct everything, real, 0),  PLAIN_PARAM(struct everything, text, 0),
    PLAIN_PARAM(struct everything, raw, 0),   PLAIN_PARAMS_END,
};

static const plain_job_class Everything = {
    PLAIN_JOB_CLASS(struct everything),
    .name = "Everything",
    .params = everything_params,
    .run = run_nothing,
};

static void makes_an_object_of_pairs_by_declared_type(void **state)
{
    static const char *const pairs[] = {"on=yes",   "small=-5",       "large=12",  "positive=0",
                                        "real=1e3", "text=a=\"b\" 5", "raw=[1, 2]"};
    struct buf json = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    if (params_from_pairs(&Everything, pairs, 7, &json, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(json.data, "{\"on\": true, \"small\": -5, \"large\": 12, \"positive\": 0, "
                                   "\"real\": 1e3, \"text\": \"a=\\\"b\\\" 5\", \"raw\": [1, 2]}");
    buf_release(&json);
}

struct rich {
    plain_date on;
    plain_datetime at;
    plain_datetime due;
    plain_model user;
    plain_int64s sizes;
    plain_strings tags;
    plain_dates days;
};

static const plain_param rich_params[] = {
    PLAIN_PARAM(struct rich, on, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, at, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, due, PLAIN_OPTIONAL | PLAIN_NEED_OFFSET),
    PLAIN_PARAM(struct rich, user, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, sizes, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, tags, PLAIN_OPTIONAL),
    PLAIN_PARAM(struct rich, days, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

static const plain_job_class Rich = {
    PLAIN_JOB_CLASS(struct rich),
    .name = "Rich",
    .params = rich_params,
    .run = run_nothing,
};

static void tags_what_people_write_without_a_tag(void **state)
{
    static const char *const pairs[] = {"on=2026-11-24",
                                        "at=2026-11-24T06:30:00",
                                        "due=2026-11-24T06:30:00.5Z",
                                        "user=app/user/4\"2",
                                        "sizes=[1, 2]",
                                        "tags=[\"2026-11-24\"]",
                                        "days= [\"2026-11-24\", \"__plain://date/2026-11-25\"]"};
    struct buf json = BUF_INIT(PARAMS_BUF_MAX), stored = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    if (params_from_pairs(&Rich, pairs, 7, &json, &err) < 0)
        fail_msg("%s", err.message);
    assert_string_equal(json.data,
                        "{\"on\": \"__plain://date/2026-11-24\", "
                        "\"at\": \"__plain://datetime/2026-11-24T06:30:00\", "
                        "\"due\": \"__plain://datetime/2026-11-24T06:30:00.500000+00:00\", "
                        "\"user\": \"__plain://model/app/user/4\\\"2\", "
                        "\"sizes\": [1, 2], \"tags\": [\"2026-11-24\"], "
                        "\"days\": [\"__plain://date/2026-11-24\", "
                        "\"__plain://date/2026-11-25\"]}");
    assert_int_equal(params_from_json(&Rich, json.data, &stored, &err), PLAIN_OK);
    buf_release(&json);
    buf_release(&stored);
}

static void refuses_pairs_that_are_no_dates_models_or_arrays(void **state)
{
    static const struct {
        const char *pair, *field;
    } bad[] = {
        {"on=2026-02-30", "on"},
        {"on=tomorrow", "on"},
        {"on=", "on"},
        {"on=\xFF", "on"},
        {"at=06:30", "at"},
        {"due=2026-11-24T06:30:00", "due"},
        {"user=app/user", "user"},
        {"user=a/b/\xFF", "user"},
        {"sizes=1,2", "sizes"},
        {"sizes=1", "sizes"},
        {"sizes={}", "sizes"},
        {"sizes=[1", "sizes"},
        {"days=[\"2026-11-24\", \"\"]", "days[1]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf json = BUF_INIT(PARAMS_BUF_MAX);
        plain_error err;

        if (params_from_pairs(&Rich, &bad[i].pair, 1, &json, &err) != PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i].pair);
        if (err.pj != 103 || strcmp(err.field, bad[i].field) != 0)
            fail_msg("%s: PJ%d %s: %s", bad[i].pair, err.pj, err.field, err.message);
        buf_release(&json);
    }
}

static int read_pairs(void)
{
    static const char *const pairs[] = {"on=2026-11-24", "tags=[\"a\"]", "days=[\"2026-11-24\"]"};
    struct buf json = BUF_INIT(PARAMS_BUF_MAX);

    int result = params_from_pairs(&Rich, pairs, 3, &json, NULL);
    buf_release(&json);
    return result;
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    harness_fail_each_allocation(read_pairs, PLAIN_E_NOMEM);
}

static void guesses_the_type_of_pairs_without_a_class(void **state)
{
    static const char *const pairs[] = {
        "a=1",     "b=1.5e2", "c=true",  "d=null", "e=[1]", "f={\"x\":1}",
        "g=hello", "h=",      "i=\"q\"", "j=01",   "k=[1"};
    struct buf json = BUF_INIT(PARAMS_BUF_MAX);

    (void)state;
    assert_int_equal(params_from_pairs(NULL, pairs, 11, &json, NULL), PLAIN_OK);
    assert_string_equal(json.data,
                        "{\"a\": 1, \"b\": 1.5e2, \"c\": true, \"d\": null, \"e\": [1], "
                        "\"f\": {\"x\":1}, \"g\": \"hello\", \"h\": \"\", \"i\": \"\\\"q\\\"\", "
                        "\"j\": \"01\", \"k\": \"[1\"}");
    buf_release(&json);
}

static void refuses_bad_pairs(void **state)
{
    static const struct {
        const char *first, *second;
        int pj;
    } bad[] = {
        {"small", NULL, 103},       {"=5", NULL, 103},         {"small=abc", NULL, 103},
        {"small=", NULL, 103},      {"small=1.0", NULL, 103},  {"on=maybe", NULL, 103},
        {"positive=-1", NULL, 103}, {"real=nan", NULL, 103},   {"raw={", NULL, 103},
        {"text=\xFF", NULL, 103},   {"smal=1", NULL, 104},     {"small=1", "small=2", 602},
        {"\xFF=1", NULL, 103},      {"real=1e400", NULL, 103},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *const pairs[] = {bad[i].first, bad[i].second};
        struct buf json = BUF_INIT(PARAMS_BUF_MAX);
        plain_error err;

        if (params_from_pairs(&Everything, pairs, bad[i].second ? 2 : 1, &json, &err) !=
            PLAIN_E_INVALID)
            fail_msg("accepted: %s", bad[i].first);
        if (err.pj != bad[i].pj)
            fail_msg("%s: PJ%d %s", bad[i].first, err.pj, err.message);
        buf_release(&json);
    }
}

static void refuses_pairs_twice_without_a_class_too(void **state)
{
    static const char *const pairs[] = {"a=1", "ab=2", "a=3"};
    struct buf json = BUF_INIT(PARAMS_BUF_MAX);
    plain_error err;

    (void)state;
    assert_int_equal(params_from_pairs(NULL, pairs, 3, &json, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 602);
    assert_string_equal(err.field, "a");
    buf_release(&json);
}

HARNESS_MAIN(tags_what_people_write_without_a_tag, refuses_pairs_that_are_no_dates_models_or_arrays,
             survives_every_failing_allocation, makes_an_object_of_pairs_by_declared_type,
             guesses_the_type_of_pairs_without_a_class, refuses_bad_pairs,
             refuses_pairs_twice_without_a_class_too)
