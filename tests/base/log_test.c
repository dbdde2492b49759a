/* log_test.c - what log.h promises, one test a promise */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#include "tests/harness/harness.h"

enum { LINE_SIZE = 256 * 1024 };

static int64_t fixed_time(void)
{
    return INT64_C(1795501800123456); /* 2026-11-24T06:30:00.123456Z */
}

#define TIME "2026-11-24T06:30:00.123Z"

/* What sink writes for the record, in static memory. */
static const char *written(log_sink *sink, enum log_level level, const char *event,
                           const struct log_pair *pairs, size_t count)
{
    static const struct clock_source source = {.wall_us = fixed_time, .mono_us = fixed_time};
    static char line[LINE_SIZE];
    char path[] = "/tmp/plain-log-test-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    clock_set_source(&source);
    log_set_sink(sink, &fd);
    log_record(level, event, pairs, count);
    log_set_sink(NULL, NULL);
    clock_set_source(NULL);
    ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
    assert_true(n >= 0);
    line[n] = '\0';
    close(fd);
    return line;
}

static const struct log_pair typical[] = {
    {.key = "job_class", .text = "WelcomeUserJob"},
    {.key = "attempt", .number = 2},
    {.key = "queue", .text = "slow and steady"},
};

static void logfmt_is_time_level_event_and_pairs(void **state)
{
    (void)state;
    assert_string_equal(written(log_to_logfmt, LOG_INFO, "Completed job", typical, 3),
                        TIME " [INFO] Completed job job_class=WelcomeUserJob attempt=2 "
                             "queue=\"slow and steady\"\n");
}

static void json_is_one_object_a_line(void **state)
{
    (void)state;
    assert_string_equal(written(log_to_json, LOG_WARNING, "Completed job", typical, 3),
                        "{\"time\":\"" TIME "\",\"level\":\"WARNING\",\"event\":\"Completed job\","
                        "\"job_class\":\"WelcomeUserJob\",\"attempt\":2,"
                        "\"queue\":\"slow and steady\"}\n");
}

static void logfmt_quotes_only_where_needed(void **state)
{
    static const struct {
        const char *value, *shown;
    } cases[] = {
        {"a-b:c/d", "a-b:c/d"},
        {"gr\xC3\xB6\xC3\x9F"
         "e",
         "gr\xC3\xB6\xC3\x9F"
         "e"},
        {"", "\"\""},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"C:\\x", "\"C:\\\\x\""},
        {"a\nb", "\"a\\nb\""},
        {"\xE2\x80\xAEx", "\\u202ex"},
    };
    char expected[128];
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct log_pair pair = LOG_TEXT("k", cases[i].value);

        (void)snprintf(expected, sizeof(expected), TIME " [ERROR] e k=%s\n", cases[i].shown);
        assert_string_equal(written(log_to_logfmt, LOG_ERROR, "e", &pair, 1), expected);
    }
}

static void no_event_key_or_value_can_forge_a_line_or_a_pair(void **state)
{
    struct log_pair pair = LOG_TEXT("k\"=1 x", "v\n[INFO] all fine\x1b[2J");
    (void)state;
    assert_string_equal(written(log_to_logfmt, LOG_INFO, "e\n[INFO] x", &pair, 1),
                        TIME " [INFO] e\\u000a[INFO] x "
                             "k__1_x=\"v\\n[INFO] all fine\\u001b[2J\"\n");
    assert_string_equal(written(log_to_json, LOG_INFO, "e\n\"", &pair, 1),
                        "{\"time\":\"" TIME "\",\"level\":\"INFO\",\"event\":\"e\\n\\\"\","
                        "\"k__1_x\":\"v\\n[INFO] all fine\\u001b[2J\"}\n");
}

static void a_long_text_is_cut_and_many_pairs_are_16(void **state)
{
    static char text[100000];
    struct log_pair pairs[LOG_PAIRS_MAX + 4];
    (void)state;
    memset(text, '\x01', sizeof(text) - 1); /* each byte becomes an escape of six */
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++)
        pairs[i] = LOG_TEXT("k", "v");
    pairs[0] = LOG_TEXT("long", text);
    const char *line = written(log_to_logfmt, LOG_INFO, "e", pairs, ARRAY_SIZE(pairs));
    const char *rest = strchr(strstr(line, "long="), ' ');
    assert_int_equal(rest - strstr(line, "long=\"") - 7, (LOG_TEXT_MAX - 1) * 6);
    assert_string_equal(rest, " k=v k=v k=v k=v k=v k=v k=v k=v k=v k=v k=v k=v k=v k=v k=v\n");
}

static unsigned records;

static void count_record(enum log_level level, const char *event, const struct log_pair *pairs,
                         size_t count, void *user)
{
    (void)level;
    (void)event;
    (void)user;
    assert_string_equal(pairs[0].key, "n");
    assert_int_equal(count, 1);
    records++;
}

static void levels_below_the_lowest_go_nowhere(void **state)
{
    (void)state;
    records = 0;
    log_set_sink(count_record, NULL);
    log_event(LOG_DEBUG, "not at first", LOG_NUMBER("n", 1));
    assert_int_equal(records, 0);
    log_event(LOG_INFO, "e", LOG_NUMBER("n", 1));
    assert_int_equal(records, 1);
    log_set_level(LOG_DEBUG);
    log_event(LOG_DEBUG, "e", LOG_NUMBER("n", 1));
    assert_int_equal(records, 2);
    log_set_level(LOG_ERROR);
    log_event(LOG_WARNING, "e", LOG_NUMBER("n", 1));
    assert_int_equal(records, 2);
    log_set_level(LOG_INFO);
    log_set_sink(NULL, NULL);
}

static void without_a_sink_nothing_happens(void **state)
{
    (void)state;
    log_set_sink(NULL, NULL);
    log_event(LOG_ERROR, "e", LOG_NUMBER("n", 1));
}

static void a_reader_that_has_gone_raises_no_signal(void **state)
{
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    log_set_sink(log_to_logfmt, &fds[1]);
    errno = ENOENT;
    log_record(LOG_INFO, "e", NULL, 0); /* SIGPIPE would end this program */
    assert_int_equal(errno, ENOENT);
    log_set_sink(NULL, NULL);
    close(fds[1]);

    sigset_t pending, mask;
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
    assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &mask), 0);
    assert_int_equal(sigismember(&mask, SIGPIPE), 0);
}

static void a_full_pipe_costs_the_record_and_not_the_program(void **state)
{
    static const char filler[65536];
    int fds[2];
    (void)state;
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
    while (write(fds[1], filler, sizeof(filler)) > 0)
        continue;
    log_set_sink(log_to_logfmt, &fds[1]);
    int64_t start = clock_mono_us();
    log_record(LOG_INFO, "e", NULL, 0);
    assert_true(clock_mono_us() - start < 5 * US_PER_S);
    log_set_sink(NULL, NULL);
    close(fds[0]);
    close(fds[1]);
}

static size_t two_pairs(struct log_pair *pairs, size_t room)
{
    for (size_t i = 0; i < 2 && i < room; i++)
        pairs[i] = LOG_NUMBER("context", (int64_t)i);
    return room < 2 ? room : 2;
}

static void a_context_stands_behind_the_pairs_and_within_the_16(void **state)
{
    struct log_pair full[LOG_PAIRS_MAX];

    (void)state;
    for (size_t i = 0; i < LOG_PAIRS_MAX; i++)
        full[i] = LOG_NUMBER("own", (int64_t)i);
    log_set_context(two_pairs);
    assert_string_equal(written(log_to_logfmt, LOG_INFO, "e", full, 1),
                        TIME " [INFO] e own=0 context=0 context=1\n");
    assert_string_equal(written(log_to_logfmt, LOG_INFO, "e", NULL, 0),
                        TIME " [INFO] e context=0 context=1\n");
    const char *line = written(log_to_logfmt, LOG_INFO, "e", full, LOG_PAIRS_MAX - 1);
    assert_non_null(strstr(line, "own=14 context=0\n"));
    assert_null(strstr(written(log_to_logfmt, LOG_INFO, "e", full, LOG_PAIRS_MAX), "context"));
    log_set_context(NULL);
}

static void tells_of_a_record_that_memory_was_too_short_for(void **state)
{
    bool failed = true;
    (void)state;
    for (unsigned nth = 0; failed; nth++) {
        harness_fail_allocation(nth);
        const char *line = written(log_to_json, LOG_INFO, "e", typical, 3);
        failed = harness_allocation_failed();
        assert_int_equal(strstr(line, "Out of memory") != NULL, failed);
        assert_non_null(strchr(line, '\n'));
    }
}

HARNESS_MAIN(logfmt_is_time_level_event_and_pairs, json_is_one_object_a_line,
             logfmt_quotes_only_where_needed, no_event_key_or_value_can_forge_a_line_or_a_pair,
             a_long_text_is_cut_and_many_pairs_are_16, levels_below_the_lowest_go_nowhere,
             without_a_sink_nothing_happens, a_reader_that_has_gone_raises_no_signal,
             a_full_pipe_costs_the_record_and_not_the_program,
             a_context_stands_behind_the_pairs_and_within_the_16,
             tells_of_a_record_that_memory_was_too_short_for)
