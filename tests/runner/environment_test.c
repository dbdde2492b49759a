/* environment_test.c - what environment.h promises */
#include "runner/environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "tests/harness/harness.h"

struct values {
    plain_date day;
};
static const plain_param params[] = {
    PLAIN_PARAM(struct values, day, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};
static const plain_job_class with_day = {
    PLAIN_JOB_CLASS(struct values),
    .name = "job",
    .params = params,
};

/* A fresh environment for these parameters; its memory lasts until the next call. */
static char *const *make(const plain_job_class *cls, const char *arguments)
{
    static struct arena arena = ARENA_INIT;
    const plain_job job = {
        .token = {{1}},
        .request_uuid = {{2}},
        .root_uuid = {{3}},
        .job_class = "thumb",
        .queue = "slow",
        .concurrency_key = "",
        .source = "a b\n\"c\"",
        .priority = -5,
        .retries = 3,
        .retry_attempt = 1,
        .run_no = 4,
        .arena = &arena,
    };

    arena_reset(&arena);
    char *const *list = environment_make(&job, cls, (struct jtext){arguments, strlen(arguments)});
    assert_non_null(list);
    return list;
}

/* The value of a variable that is there once; NULL when it is not there. */
static const char *find(char *const *list, const char *name)
{
    const char *value = NULL;
    size_t n = strlen(name);

    for (; *list; list++) {
        if (strncmp(*list, name, n) == 0 && (*list)[n] == '=') {
            assert_null(value);
            value = *list + n + 1;
        }
    }
    return value;
}

static void assert_variable(char *const *list, const char *name, const char *value)
{
    const char *found = find(list, name);

    if (!value)
        assert_null(found);
    else if (!found || strcmp(found, value) != 0)
        fail_msg("%s is %s, not %s", name, found ? found : "not there", value);
}

static void a_job_knows_itself(void **state)
{
    char *const *list = make(NULL, "{}");

    (void)state;
    assert_variable(list, "PLAIN_JOB_UUID", "01000000-0000-0000-0000-000000000000");
    assert_variable(list, "PLAIN_JOB_REQUEST_UUID", "02000000-0000-0000-0000-000000000000");
    assert_variable(list, "PLAIN_JOB_ROOT_UUID", "03000000-0000-0000-0000-000000000000");
    assert_variable(list, "PLAIN_JOB_WORKER", "");
    assert_variable(list, "PLAIN_JOB_CLASS", "thumb");
    assert_variable(list, "PLAIN_JOB_QUEUE", "slow");
    assert_variable(list, "PLAIN_JOB_ATTEMPT", "2");
    assert_variable(list, "PLAIN_JOB_RUN", "4");
    assert_variable(list, "PLAIN_JOB_RETRIES", "3");
    assert_variable(list, "PLAIN_JOB_PRIORITY", "-5");
    assert_variable(list, "PLAIN_JOB_CONCURRENCY_KEY", "");
    assert_variable(list, "PLAIN_JOB_SOURCE", "a b\n\"c\"");
}

static void secrets_and_stale_variables_stay_behind(void **state)
{
    static const char *const withheld[] = {
        "DATABASE_URL",     "REPLICA_DATABASE_URL",  "PLAIN_DATABASE_URL", "PGPASSWORD",
        "PLAIN_SECRET_KEY", "PLAIN_ADMIN_PASSWORD",  "PLAIN_ADMIN_TOKEN",  "PLAIN_JOB_OTHER",
        "PLAIN_ARG_STALE",  "PLAIN_RUNNER_SECTIONS",
    };
    static const char *const passed[] = {"PATH_TO_IT", "PLAIN_LOG_LEVEL", "DATABASE_URL_OF_NOBODY",
                                         "SECRET_OF_THE_APPLICATION"};

    (void)state;
    for (size_t i = 0; i < sizeof(withheld) / sizeof(withheld[0]); i++)
        assert_int_equal(setenv(withheld[i], "x", 1), 0);
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        assert_int_equal(setenv(passed[i], "a=b", 1), 0);
    char *const *list = make(NULL, "{}");
    for (size_t i = 0; i < sizeof(withheld) / sizeof(withheld[0]); i++)
        assert_variable(list, withheld[i], NULL);
    for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
        assert_variable(list, passed[i], "a=b");
}

static void parameters_are_variables(void **state)
{
    char *const *list =
        make(NULL, "{\"user_id\": 42, \"name\": \"a \\\"b\\\"\\n\\ud83d\\ude00 $(id)\","
                   "\"yes\": true, \"real\": 1e300, \"none\": null, \"empty\": \"\","
                   "\"list\": [1, \"a b\"], \"map\": {\"k\": [ ]}, \"_x9\": 1,"
                   "\"big\": 12345678901234567890}");

    (void)state;
    assert_variable(list, "PLAIN_ARG_USER_ID", "42");
    assert_variable(list, "PLAIN_ARG_NAME", "a \"b\"\n\xF0\x9F\x98\x80 $(id)");
    assert_variable(list, "PLAIN_ARG_YES", "true");
    assert_variable(list, "PLAIN_ARG_REAL", "1e300");
    assert_variable(list, "PLAIN_ARG_NONE", NULL);
    assert_variable(list, "PLAIN_ARG_EMPTY", "");
    assert_variable(list, "PLAIN_ARG_LIST", "[1, \"a b\"]");
    assert_variable(list, "PLAIN_ARG_MAP", "{\"k\": [ ]}");
    assert_variable(list, "PLAIN_ARG__X9", "1");
    assert_variable(list, "PLAIN_ARG_BIG", "12345678901234567890");
}

static size_t count_arguments(char *const *list)
{
    size_t n = 0;

    for (; *list; list++)
        n += strncmp(*list, "PLAIN_ARG_", strlen("PLAIN_ARG_")) == 0;
    return n;
}

static void names_that_no_variable_can_have_are_left_out(void **state)
{
    char *const *list = make(NULL, "{\"a b\": 1, \"9a\": 1, \"a=b\": 1, \"\": 1, \"\xC3\xA9\": 1,"
                                   "\"a-b\": 1, \"a\\n\": 1, \"\\u006fk\": 1}");

    (void)state;
    assert_int_equal(count_arguments(list), 1);
    assert_variable(list, "PLAIN_ARG_OK", "1");
}

static void of_names_that_differ_in_case_the_first_counts(void **state)
{
    char *const *list = make(NULL, "{\"Name\": 1, \"name\": 2, \"NAME\": 3, \"nam\": 4}");

    (void)state;
    assert_variable(list, "PLAIN_ARG_NAME", "1");
    assert_variable(list, "PLAIN_ARG_NAM", "4");
}

static void a_date_is_bare_where_it_is_declared(void **state)
{
    static const char day[] = "{\"day\": \"__plain://date/2026-11-24\"}";

    (void)state;
    assert_variable(make(&with_day, day), "PLAIN_ARG_DAY", "2026-11-24");
    assert_variable(make(NULL, day), "PLAIN_ARG_DAY", "__plain://date/2026-11-24");
}

static void what_is_too_large_is_left_out(void **state)
{
    enum { LARGE = 128 * 1024, HALF = 60 * 1024 };
    struct buf json = BUF_INIT(16 * 1024 * 1024);

    (void)state;
    buf_puts(&json, "{\"large\": \"");
    for (size_t i = 0; i < LARGE; i++)
        buf_putc(&json, 'x');
    buf_puts(&json, "\", \"after\": 1");
    for (int n = 0; n < 20; n++) {
        buf_putf(&json, ", \"half%d\": \"", n);
        for (size_t i = 0; i < HALF; i++)
            buf_putc(&json, 'y');
        buf_putc(&json, '"');
    }
    buf_puts(&json, ", \"last\": 2}");
    char *const *list = make(NULL, json.data);
    assert_variable(list, "PLAIN_ARG_LARGE", NULL);
    assert_variable(list, "PLAIN_ARG_AFTER", "1");
    assert_variable(list, "PLAIN_ARG_LAST", "2");
    assert_int_equal(count_arguments(list), 2 + 512 / 60);

    buf_reset(&json);
    buf_puts(&json, "{\"a\": 0");
    for (int n = 0; n < 3000; n++)
        buf_putf(&json, ", \"a%d\": %d", n, n);
    buf_putc(&json, '}');
    assert_int_equal(count_arguments(make(NULL, json.data)), 1000);
    buf_release(&json);
}

HARNESS_MAIN(a_job_knows_itself, secrets_and_stale_variables_stay_behind, parameters_are_variables,
             names_that_no_variable_can_have_are_left_out,
             of_names_that_differ_in_case_the_first_counts, a_date_is_bare_where_it_is_declared,
             what_is_too_large_is_left_out)
