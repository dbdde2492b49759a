/*
 * clock.h - the only place that asks for the time
 *
 * Two clocks: wall time (microseconds since 1970 UTC, may step) for what people read, and the
 * monotonic clock for every wait and every age. A test replaces both with clock_set_source().
 */
#ifndef PLAIN_BASE_CLOCK_H
#define PLAIN_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { US_PER_MS = 1000, US_PER_S = 1000000, MS_PER_S = 1000 };

/* 9999-12-31 23:59:59.999999 UTC: no stored time is later. */
#define CLOCK_MAX_US INT64_C(253402300799999999)

int64_t clock_wall_us(void);
int64_t clock_mono_us(void); /* CLOCK_MONOTONIC */
void clock_boot_sleep_until(int64_t boot_us);
int64_t clock_boot_us(void); /* CLOCK_BOOTTIME: goes on while the machine sleeps */

struct clock_source {
    int64_t (*wall_us)(void);
    int64_t (*mono_us)(void);
};
void clock_set_source(const struct clock_source *source); /* NULL: the kernel's again */

/* a + b, saturated to [INT64_MIN, INT64_MAX]. */
int64_t clock_add(int64_t a, int64_t b);
int64_t clock_since(int64_t now, int64_t then); /* now - then, likewise */
int64_t clock_earlier(int64_t a, int64_t b);
/* us (0 or more), up to an eighth less: so that processes that were started together do not do
 * things together for ever. */
int64_t clock_jittered(int64_t us);

/* "2026-11-24T06:30:00.123456Z" (27 bytes and NUL); us is clamped to years 1 to 9999. */
enum { CLOCK_TEXT_SIZE = 32 };
const char *clock_format(int64_t us, char out[CLOCK_TEXT_SIZE]);

/* RFC 3339 with Z or an offset, fraction optional up to 6 digits, 'T' or one blank between date and
 * time. False when s is anything else or no such day exists. */
bool clock_parse(const char *s, int64_t *us);

#endif
