/*
 * next.c - what plain_schedule_next() costs: one line for each expression
 *
 * From a new moment with each call, over 30 years, so that no answer is that of the call before.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <plain/jobs/schedule.h>

/* CPU time: others may be at work beside it. */
static double now_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(const char *text, const char *zone, int calls)
{
    const int64_t first = INT64_C(1577836800000000), step = INT64_C(946080000000000) / calls;
    plain_schedule schedule;
    plain_error err;
    int64_t at;
    double all;

    if (plain_schedule_parse(text, &schedule, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    all = now_ns();
    for (int i = 0; i < calls; i++)
        (void)!plain_schedule_next(&schedule, zone, first + i * step, PLAIN_DST_CRON, &at, &err);
    all = (now_ns() - all) / calls;
    (void)printf("%-24s %-16s %8.0f ns a call\n", text, zone, all);
}

int main(void)
{
    static const char *const ordinary[] = {"* * * * *",   "*/15 9-17 * * 1-5", "0 9 * * *",
                                           "30 2 * * 1-5", "0 0 1 * *",        "@weekly"};
    static const char *const hard[] = {"0 0 29 2 *", "0 0 29 2 */7", "0 0 31 2 *"};

    for (size_t i = 0; i < sizeof(ordinary) / sizeof(ordinary[0]); i++)
        measure(ordinary[i], "Europe/Berlin", 200000);
    for (size_t i = 0; i < sizeof(hard) / sizeof(hard[0]); i++)
        measure(hard[i], "Europe/Berlin", 2000);
    return 0;
}
