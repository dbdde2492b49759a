/* retry_policy_test.c - what retry_policy.h promises */
#include "core/retry_policy.h"

#include <limits.h>

#include <plain/jobs/class.h>

#include "tests/harness/harness.h"

static void delays_follow_the_policy(void **state)
{
    static const struct {
        const char *text;
        int attempt;
        int64_t ms;
    } rows[] = {
        {"30s", 1, 30000},
        {"30s", 9, 30000},
        {"300ms", 2, 300},
        {"0", 5, 0},
        {"constant 30s", 7, 30000},
        {"linear 10s max 5m", 1, 10000},
        {"linear 10s max 5m", 3, 30000},
        {"linear 10s max 5m", 30, 300000},
        {"linear 10s max 5m", 31, 300000},
        {"linear 10s", INT_MAX,
         PLAIN_DELAY_MAX < INT64_C(10000) * INT_MAX ? PLAIN_DELAY_MAX : INT64_C(10000) * INT_MAX},
        {"linear 365000d", 2, PLAIN_DELAY_MAX},
        {"exponential 1s max 1h", 1, 1000},
        {"exponential 1s max 1h", 2, 2000},
        {"exponential 1s max 1h", 12, 2048000},
        {"exponential 1s max 1h", 13, 3600000},
        {"  exponential   1s  max   1h ", 4, 8000},
        {"exponential 1ms", 45, INT64_C(1) << 44},
        {"exponential 1ms", 46, PLAIN_DELAY_MAX},
        {"exponential 1ms", 64, PLAIN_DELAY_MAX},
        {"exponential 1s", INT_MAX, PLAIN_DELAY_MAX},
        {"exponential 0s", INT_MAX, 0},
        {"exponential 1s max 1s", 3, 1000},
        {"exponential 1s", 0, 1000},
        {"linear 1s", -5, 1000},
    };
    struct retry_policy p;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!retry_policy_parse(rows[i].text, &p))
            fail_msg("refused: %s", rows[i].text);
        int64_t ms = retry_policy_delay_ms(&p, rows[i].attempt);
        if (ms != rows[i].ms)
            fail_msg("%s after attempt %d: %lld", rows[i].text, rows[i].attempt, (long long)ms);
    }
}

static void anything_else_is_no_policy(void **state)
{
    static const char *const bad[] = {
        "",
        " ",
        "soon",
        "-1s",
        "1s 2s",
        "constant",
        "constant 30s max 1h",
        "linear",
        "linear 10s max",
        "linear 10s min 5m",
        "linear 10s 5m",
        "linear 10s max 5m more",
        "exponential 1h max 1s",
        "Exponential 1s",
        "exponential 1s max 9999999999d",
        "365001d",
        "linear 365001d",
        "exponential\t1s",
        "fibonacci 1s",
        ("exponential 1s                                                                "
         "                                max 1h"),
    };
    struct retry_policy p;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (retry_policy_parse(bad[i], &p))
            fail_msg("accepted: %s", bad[i]);
    }
}

HARNESS_MAIN(delays_follow_the_policy, anything_else_is_no_policy)
