#include "schedule/local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "schedule/civil.h"

/* Bytes of "2026-11-24" and of "2026-11-24T09:00"; FULL_SIZE holds any time that can be read. */
enum { DATE_LENGTH = 10, MINUTE_LENGTH = 16, FULL_SIZE = 48 };

/* 0001-01-02 and 9999-12-30, so that the local time is in these years too. */
#define FIRST_US (-INT64_C(62135510400) * US_PER_S)
#define LAST_US  (CLOCK_MAX_US - INT64_C(86400) * US_PER_S)

const char *local_format(const struct zone *zone, int64_t us, char out[LOCAL_TEXT_SIZE])
{
    char text[CLOCK_TEXT_SIZE];
    struct zone_span span;

    us = us < FIRST_US ? FIRST_US : us > LAST_US ? LAST_US : us;
    zone_span_at(zone, civil_floor_div(us, US_PER_S), &span);
    int minutes = span.offset / SECONDS_PER_MINUTE;
    (void)clock_format(us + INT64_C(60) * US_PER_S * minutes, text);
    (void)snprintf(out, LOCAL_TEXT_SIZE, "%.19s%c%02d:%02d", text, minutes < 0 ? '-' : '+',
                   abs(minutes) / MINUTES_PER_HOUR % 100, abs(minutes) % MINUTES_PER_HOUR);
    return out;
}

/* text with what was left out of the time of day. */
static bool complete(const char *text, char out[FULL_SIZE])
{
    size_t length = strlen(text);
    const char *rest = text + (length < MINUTE_LENGTH ? length : MINUTE_LENGTH);
    const char *added = length == DATE_LENGTH ? "T00:00:00" : *rest == ':' ? "" : ":00";

    /* Room for the Z too, that a local time gets. */
    return snprintf(out, FULL_SIZE, "%.16s%s%s", text, added, rest) < FULL_SIZE - 1;
}

bool local_parse(const struct zone *zone, const char *text, int64_t *us)
{
    char full[FULL_SIZE];
    int64_t local;

    if (!complete(text, full))
        return false;
    if (strlen(full) > MINUTE_LENGTH && strpbrk(full + MINUTE_LENGTH, "Zz+-"))
        return clock_parse(full, us);
    full[strlen(full) + 1] = '\0';
    full[strlen(full)] = 'Z';
    if (!clock_parse(full, &local))
        return false;
    int64_t seconds = civil_floor_div(local, US_PER_S);
    *us = zone_from_local(zone, seconds) * US_PER_S + (local - seconds * US_PER_S);
    return true;
}
