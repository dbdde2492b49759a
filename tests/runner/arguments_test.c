/* arguments_test.c - what arguments.h promises */
#include "runner/arguments.h"

#include <string.h>

#include "tests/harness/harness.h"

struct values {
    int64_t user;
    int32_t width;
    const char *name;
};

static const plain_param params[] = {
    PLAIN_PARAM(struct values, user, 0),
    PLAIN_PARAM_DEFAULT(struct values, width, "320"),
    PLAIN_PARAM(struct values, name, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};
static const plain_job_class job = {
    PLAIN_JOB_CLASS(struct values),
    .name = "job",
    .params = params,
};

static void assert_made(const plain_job_class *cls, const char *stored, const char *expected)
{
    struct arena a = ARENA_INIT;
    struct jtext out;
    plain_error err;

    if (arguments_make(cls, stored, &a, &out, &err) < 0)
        fail_msg("%s: %s", stored ? stored : "NULL", err.message);
    if (out.n != strlen(expected) || memcmp(out.p, expected, out.n) != 0)
        fail_msg("%.*s instead of %s", (int)out.n, out.p, expected);
    arena_release(&a);
}

static void without_declared_parameters_nothing_changes(void **state)
{
    (void)state;
    assert_made(NULL, NULL, "{}");
    assert_made(NULL, "{\"args\": [1], \"kwargs\": { \"a\" :1e300,\"b\":[ ] } }",
                "{ \"a\" :1e300,\"b\":[ ] }");
}

static void values_get_names_and_defaults_are_put_in(void **state)
{
    (void)state;
    assert_made(&job, "{\"kwargs\": {\"user\": 7}}", "{\"user\": 7, \"width\": 320}");
    assert_made(&job, "{\"args\": [7, 3], \"kwargs\": {\"name\": \"x\"}}",
                "{\"user\": 7, \"width\": 3, \"name\": \"x\"}");
    assert_made(&job, "{\"args\": [7, null], \"kwargs\": {\"name\": null}}",
                "{\"user\": 7, \"name\": null, \"width\": 320}");
    assert_made(&job, "{\"kwargs\": {\"width\": 1, \"user\": 7}, \"args\": []}",
                "{\"width\": 1, \"user\": 7}");
}

static void what_does_not_fit_is_refused(void **state)
{
    static const struct {
        const char *stored;
        int pj;
    } bad[] = {
        {NULL, 102},
        {"null", 102},
        {"{\"kwargs\": {\"user\": \"7\"}}", 103},
        {"{\"kwargs\": {\"user\": 7, \"other\": 7}}", 104},
        {"{\"args\": [1, 2, \"a\", 4]}", 104},
        {"{\"args\": [1], \"kwargs\": {\"user\": 7}}", 602},
        {"{", 602},
    };
    struct arena a = ARENA_INIT;
    struct jtext out;
    plain_error err;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(arguments_make(&job, bad[i].stored, &a, &out, &err), PLAIN_E_INVALID);
        assert_int_equal(err.pj, bad[i].pj);
    }
    arena_release(&a);
}

static void survives_every_failing_allocation(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        struct arena a = ARENA_INIT;
        struct jtext out;

        harness_fail_allocation(nth);
        int r =
            arguments_make(&job, "{\"args\": [7], \"kwargs\": {\"name\": \"x\"}}", &a, &out, NULL);
        failed = harness_allocation_failed();
        assert_int_equal(r, failed ? PLAIN_E_NOMEM : PLAIN_OK);
        arena_release(&a);
    }
}

HARNESS_MAIN(without_declared_parameters_nothing_changes, values_get_names_and_defaults_are_put_in,
             what_does_not_fit_is_refused, survives_every_failing_allocation)
