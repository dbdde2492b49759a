/* job_test.c - what a job says of itself is kept clean and within bounds */
#include "core/job.h"

#include <string.h>

#include "tests/harness/harness.h"

static void failing_records_type_message_place_and_stack(void **state)
{
    struct arena a = ARENA_INIT;
    plain_job job = {.arena = &a};

    (void)state;
    assert_int_equal(plain_job_fail(&job, "SmtpError\n", "said: %d\r\n", 550), JOB_RETURN_FAILED);
    assert_int_equal(job.outcome.kind, OUTCOME_FAILED);
    assert_string_equal(job.outcome.error_type, "SmtpError");
    assert_string_equal(job.outcome.error_message, "said: 550");
    assert_non_null(strstr(job.outcome.error, "job_test.c:"));
    assert_non_null(strstr(job.outcome.error, "  #0 "));
    arena_release(&a);
}

static void a_long_or_dirty_message_is_cut_and_cleaned(void **state)
{
    struct arena a = ARENA_INIT;
    plain_job job = {.arena = &a};
    static char huge[3 * JOB_ERROR_MAX];

    (void)state;
    memset(huge, 0xff, sizeof(huge) - 1);
    (void)!plain_job_fail(&job, "T\xff", "%s", huge);
    assert_true(strlen(job.outcome.error_message) <= JOB_ERROR_MAX);
    assert_true(strlen(job.outcome.error) <= JOB_ERROR_MAX);
    assert_string_equal(job.outcome.error_type, "T\xEF\xBF\xBD");
    assert_memory_equal(job.outcome.error_message, "\xEF\xBF\xBD", 3);
    memset(huge, 'x', sizeof(huge) - 1);
    (void)!plain_job_fail(&job, "T", "%s", huge);
    assert_in_range(strlen(job.outcome.error_message), JOB_ERROR_MAX - 8, JOB_ERROR_MAX);
    arena_release(&a);
}

static void the_last_word_counts(void **state)
{
    struct arena a = ARENA_INIT;
    plain_job job = {.arena = &a};

    (void)state;
    (void)!plain_job_fail(&job, "A", "a");
    assert_int_equal(plain_job_defer(&job, 5, true), JOB_RETURN_DEFERRED);
    assert_int_equal(job.outcome.kind, OUTCOME_DEFERRED);
    assert_int_equal(job.outcome.delay_ms, 5);
    assert_true(job.outcome.increment_retries);
    arena_release(&a);
}

static void a_deferral_out_of_range_is_a_failure_that_says_so(void **state)
{
    struct arena a = ARENA_INIT;
    plain_job job = {.arena = &a};

    (void)state;
    assert_int_equal(plain_job_defer(&job, -1, false), JOB_RETURN_FAILED);
    assert_string_equal(job.outcome.error_type, "InvalidDelay");
    assert_int_equal(plain_job_defer(&job, PLAIN_DELAY_MAX + 1, false), JOB_RETURN_FAILED);
    arena_release(&a);
}

static void memory_of_a_job_is_zeroed(void **state)
{
    struct arena a = ARENA_INIT;
    plain_job job = {.arena = &a};
    unsigned char *p = plain_job_alloc(&job, 64);

    (void)state;
    for (int i = 0; i < 64; i++)
        assert_int_equal(p[i], 0);
    arena_release(&a);
}

/* The job is told of it by NULL, and may still say so. */
static void memory_that_is_refused_costs_no_error_text(void **state)
{
    struct arena a = ARENA_INIT;
    plain_job job = {.arena = &a};

    (void)state;
    assert_null(plain_job_alloc(&job, SIZE_MAX));
    assert_non_null(plain_job_alloc(&job, 16));
    assert_int_equal(plain_job_fail(&job, "TooBig", "cannot hold %d rows", 42), JOB_RETURN_FAILED);
    assert_string_equal(job.outcome.error_message, "cannot hold 42 rows");
    arena_release(&a);
}

HARNESS_MAIN(failing_records_type_message_place_and_stack,
             a_long_or_dirty_message_is_cut_and_cleaned, the_last_word_counts,
             a_deferral_out_of_range_is_a_failure_that_says_so, memory_of_a_job_is_zeroed,
             memory_that_is_refused_costs_no_error_text)
