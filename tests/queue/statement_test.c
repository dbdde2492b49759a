/* statement_test.c - plain_enqueue_statement; that its text works, tests/process shows with drivers
 */
#include <stdio.h>
#include <string.h>

#include <plain/jobs.h>

#include "base/uuid.h"
#include "tests/harness/harness.h"

struct user {
    int64_t user_id;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param user_params[] = {PLAIN_PARAM(struct user, user_id, 0), PLAIN_PARAMS_END};

static const plain_job_class UserJob = {
    PLAIN_JOB_CLASS(struct user), .name = "UserJob",  .params = user_params,
    .default_queue = "mail",      .run = run_nothing,
};

static const struct user user = {42};

static plain_statement *make(const char *dialect, const char *schema, const plain_options *options)
{
    plain_statement *statement = NULL;
    plain_error err;

    if (plain_enqueue_statement(dialect, schema, &UserJob, &user, options, &statement, &err) < 0)
        fail_msg("%s", err.message);
    return statement;
}

static void assert_value(const plain_statement *s, size_t i, const char *value)
{
    if (value)
        assert_string_equal(s->values[i], value);
    else
        assert_null(s->values[i]);
}

/* Each $n once, in order, so that a driver that counts its placeholders can take them. */
static void assert_numbered(const plain_statement *s, char mark)
{
    size_t n = 0;

    for (const char *p = strchr(s->sql, mark); p; p = strchr(p + 1, mark)) {
        char number[16];

        (void)snprintf(number, sizeof(number), "%zu", ++n);
        assert_int_equal(strncmp(p + 1, number, strlen(number)), 0);
    }
    assert_int_equal(n, s->count);
}

static void values_are_those_of_the_enqueue(void **state)
{
    static const char *const dialects[] = {"postgresql", "sqlite"};

    (void)state;
    for (size_t d = 0; d < 2; d++) {
        plain_statement *s =
            make(dialects[d], NULL,
                 PLAIN_OPTIONS(.delay_ms = 1500, .priority = PLAIN_INT(-3), .retries = PLAIN_INT(2),
                               .source = "here", .concurrency_key = "k'\"$1"));
        static const char *const values[] = {
            "UserJob", "{\"args\": [], \"kwargs\": {\"user_id\": 42}}",
            "mail",    "-3",
            "2",       "k'\"$1",
            "here",    "1500000",
            NULL};

        for (size_t i = 0; i < 9; i++)
            assert_value(s, i, values[i]);
        assert_numbered(s, d == 0 ? '$' : '?');
        assert_null(strstr(s->sql, "{schema}"));
        plain_statement_free(s);
    }
    plain_statement *s = make("postgresql", NULL, PLAIN_OPTIONS(.start_at = 1700000000000001));
    assert_value(s, 7, NULL);
    assert_value(s, 8, "1700000000000001");
    plain_statement_free(s);
    plain_statement_free(NULL);
}

static void the_uuid_is_a_value_or_stands_in_the_text(void **state)
{
    plain_uuid uuid = uuid_new();
    char text[PLAIN_UUID_TEXT];
    plain_statement *s = make("postgres", NULL, PLAIN_OPTIONS(.uuid = uuid));

    (void)state;
    (void)plain_uuid_format(&uuid, text);
    assert_int_equal(s->count, 11);
    assert_value(s, 9, NULL);
    assert_value(s, 10, text);
    plain_statement_free(s);
    s = make("sqlite", NULL, PLAIN_OPTIONS(.uuid = uuid, .timeout_ms = 1500));
    assert_int_equal(s->count, 10);
    assert_value(s, 9, "1500");
    assert_non_null(strstr(s->sql, text));
    assert_null(strstr(s->sql, "0000000000000000"));
    plain_statement_free(s);
    s = make("sqlite", NULL, NULL); /* one is made */
    assert_null(strstr(s->sql, "0000000000000000"));
    plain_statement_free(s);
}

static void the_schema_is_quoted(void **state)
{
    plain_statement *s = make("postgresql", "My \"Jobs\"", NULL);

    (void)state;
    assert_non_null(strstr(s->sql, "\"My \"\"Jobs\"\"\".plain_jobs_enqueue("));
    plain_statement_free(s);
}

static void bad_arguments_are_named(void **state)
{
    plain_statement *s = NULL;
    plain_error err;

    (void)state;
    assert_int_equal(plain_enqueue_statement("oracle", NULL, &UserJob, &user, NULL, &s, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "dialect");
    assert_int_equal(plain_enqueue_statement(NULL, NULL, &UserJob, &user, NULL, &s, &err),
                     PLAIN_E_INVALID);
    assert_int_equal(plain_enqueue_statement("sqlite", NULL, NULL, &user, NULL, &s, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "cls");
    assert_int_equal(plain_enqueue_statement("postgresql", "a\nb", &UserJob, &user, NULL, &s, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "schema");
    assert_int_equal(plain_enqueue_statement("sqlite", NULL, &UserJob, &user,
                                             PLAIN_OPTIONS(.delay_ms = -1), &s, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "delay_ms");
    assert_int_equal(plain_enqueue_statement("sqlite", NULL, &UserJob, &user, NULL, NULL, &err),
                     PLAIN_E_INVALID);
    assert_string_equal(err.field, "out");
    assert_null(s);
}

static void memory_that_runs_out_is_told(void **state)
{
    plain_statement *s = NULL;
    plain_error err;
    int r;

    (void)state;
    for (unsigned n = 0;; n++) {
        harness_fail_allocation(n);
        r = plain_enqueue_statement("postgresql", "x", &UserJob, &user, NULL, &s, &err);
        if (!harness_allocation_failed())
            break;
        assert_int_equal(r, PLAIN_E_NOMEM);
        assert_null(s);
    }
    assert_int_equal(r, PLAIN_OK);
    plain_statement_free(s);
}

HARNESS_MAIN(values_are_those_of_the_enqueue, the_uuid_is_a_value_or_stands_in_the_text,
             the_schema_is_quoted, bad_arguments_are_named, memory_that_runs_out_is_told)
