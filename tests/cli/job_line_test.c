/* job_line_test.c - what job_line.h promises */
#include "cli/job_line.h"

#include <string.h>

#include "base/clock.h"
#include "tests/harness/harness.h"

static struct arena arena;
static struct job_line line;
static plain_error err;

static const plain_options nothing = {.size = sizeof(plain_options), .source = "test"};

static int read_line(const char *text, const plain_options *base)
{
    arena_reset(&arena);
    line = (struct job_line){.number = 1};
    err = (plain_error){0};
    return job_line_read(text, strlen(text), base, &arena, &line, &err);
}

static void every_member_is_read(void **state)
{
    (void)state;
    assert_int_equal(
        read_line("{\"params\": {\"a\" : 1.50}, \"queue\": \"m\\u00e9\", \"priority\": "
                  "-1, \"retries\": 2, \"key\": \"\", \"timeout\": \"1.5s\", \"start_at\": "
                  "\"1970-01-01T00:00:01Z\"}",
                  &nothing),
        PLAIN_OK);
    assert_string_equal(line.json, "{\"a\" : 1.50}"); /* every byte of it */
    assert_string_equal(line.options.queue, "m\xC3\xA9");
    assert_true(line.options.priority.given && line.options.retries.given);
    assert_int_equal(line.options.priority.value, -1);
    assert_int_equal(line.options.retries.value, 2);
    assert_string_equal(line.options.concurrency_key, "");
    assert_int_equal(line.options.start_at, US_PER_S);
    assert_int_equal(line.options.timeout_ms, 1500);
    assert_string_equal(line.options.source, "test");
    assert_int_equal(line.options.size, sizeof(plain_options));
    arena_release(&arena);
}

static void what_is_not_said_is_as_in_base(void **state)
{
    const plain_options base = {.size = sizeof(base),
                                .queue = "q",
                                .concurrency_key = "k",
                                .delay_ms = 7,
                                .timeout_ms = 8,
                                .priority = plain_int(3),
                                .retries = plain_int(4)};

    (void)state;
    assert_int_equal(read_line(" {} ", &base), PLAIN_OK);
    assert_null(line.json);
    assert_string_equal(line.options.queue, "q");
    assert_string_equal(line.options.concurrency_key, "k");
    assert_int_equal(line.options.delay_ms, 7);
    assert_int_equal(line.options.timeout_ms, 8);
    assert_int_equal(line.options.priority.value, 3);
    assert_int_equal(line.options.retries.value, 4);
    assert_int_equal(read_line("{\"start_at\":\"1970-01-01T00:00:01Z\",\"key\":\"\"}", &base),
                     PLAIN_OK);
    assert_int_equal(line.options.delay_ms, 0); /* one of the two times only */
    assert_string_equal(line.options.concurrency_key, "");
    assert_int_equal(read_line("{\"delay\":0}", &base), PLAIN_OK);
    assert_int_equal(line.options.delay_ms, 0); /* now is a time, too */
    arena_release(&arena);
}

static void faults_are_named(void **state)
{
    static const struct {
        const char *text;
        int pj;
        const char *says;
    } rows[] = {
        {"", 602, "JSON"},
        {"1", 602, "a number"},
        {"{\"Params\": {}}", 201, "\"Params\""},
        {"{\"params\": \"x\"}", 105, "params"},
        {"{\"queue\": 7}", 105, "queue"},
        {"{\"key\": {}}", 105, "key"},
        {"{\"delay\": true}", 105, "delay"},
        {"{\"delay\": \"1e3\"}", 105, "delay"},
        {"{\"retries\": \"1\"}", 105, "retries"},
        {"{\"priority\": 99999999999999999999}", 105, "priority"},
        {"{\"uuid\": null}", 105, "uuid"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(read_line(rows[i].text, &nothing), PLAIN_E_INVALID);
        assert_int_equal(err.pj, rows[i].pj);
        assert_non_null(strstr(err.message, rows[i].says));
    }
    arena_release(&arena);
}

static void a_line_is_checked_before_anything_is_written(void **state)
{
    (void)state;
    assert_int_equal(read_line("{\"params\": {\"a\": 1}}", &nothing), PLAIN_OK);
    assert_int_equal(job_line_check(&line, NULL, &err), PLAIN_OK);
    assert_int_equal(read_line("{\"delay\":1,\"start_at\":\"1970-01-01T00:00:01Z\"}", &nothing),
                     PLAIN_OK);
    assert_int_equal(job_line_check(&line, NULL, &err), PLAIN_E_INVALID);
    assert_int_equal(err.pj, 105);
    arena_release(&arena);
}

static void every_allocation_may_fail(void **state)
{
    bool failed = true;

    (void)state;
    for (unsigned i = 0; failed; i++) {
        harness_fail_allocation(i);
        int r = read_line("{\"params\": {\"a\": 1}, \"queue\": \"x\"}", &nothing);
        failed = harness_allocation_failed();
        if (failed)
            assert_int_equal(r, PLAIN_E_NOMEM);
        arena_release(&arena);
    }
}

HARNESS_MAIN(every_member_is_read, what_is_not_said_is_as_in_base, faults_are_named,
             a_line_is_checked_before_anything_is_written, every_allocation_may_fail)
