#include "admin/moment.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/text.h"
#include "schedule/civil.h"
#include "store/store.h"

enum { TEXT_SIZE = 64, DATE_LENGTH = 10, MINUTE_LENGTH = 16 };

/* "+01:00" */
static void put_offset(struct buf *b, int64_t seconds)
{
    int64_t minutes = (seconds < 0 ? -seconds : seconds) / SECONDS_PER_MINUTE;

    buf_putf(b, "%c%02d:%02d", seconds < 0 ? '-' : '+', (int)(minutes / MINUTES_PER_HOUR),
             (int)(minutes % MINUTES_PER_HOUR));
}

void put_time(struct buf *b, int64_t us, bool utc, bool precise)
{
    time_t seconds = (time_t)civil_floor_div(us, US_PER_S);
    char text[TEXT_SIZE];
    struct tm tm;

    if (us == STORE_NO_TIME) {
        buf_putc(b, '-');
        return;
    }
    if (!(utc ? gmtime_r(&seconds, &tm) : localtime_r(&seconds, &tm)) ||
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm) == 0) {
        buf_putc(b, '?'); /* a year that an int cannot hold */
        return;
    }
    buf_puts(b, text);
    if (precise)
        buf_putf(b, ".%03d", (int)((us % US_PER_S + US_PER_S) % US_PER_S / US_PER_MS));
    if (utc)
        buf_putc(b, 'Z');
    else if (precise)
        put_offset(b, tm.tm_gmtoff);
}

/* Two units of time at a time: the larger, and the rest in the next smaller one. */
static const struct unit {
    int64_t us;
    const char *name;
} units[] = {
    {INT64_C(86400) * US_PER_S, "d"},
    {INT64_C(3600) * US_PER_S, "h"},
    {INT64_C(60) * US_PER_S, "min"},
    {US_PER_S, "s"},
};

void put_duration(struct buf *b, int64_t us)
{
    if (us < 0)
        us = 0;
    if (us < INT64_C(10) * US_PER_MS) {
        buf_putf(b, "%d.%d ms", (int)(us / US_PER_MS), (int)(us / (US_PER_MS / 10) % 10));
        return;
    }
    if (us < US_PER_S) {
        buf_putf(b, "%d ms", (int)(us / US_PER_MS));
        return;
    }
    if (us < INT64_C(60) * US_PER_S) {
        int tenths = (int)(us / (US_PER_S / 10));

        buf_putf(b, "%d.%d s", tenths / 10, tenths % 10);
        return;
    }
    size_t i = 0;
    while (us < units[i].us)
        i++;
    buf_putf(b, "%lld %s %lld %s", (long long)(us / units[i].us), units[i].name,
             (long long)(us % units[i].us / units[i + 1].us), units[i + 1].name);
}

void put_zoned_time(struct buf *b, int64_t us, const struct zone *zone)
{
    int64_t seconds = civil_floor_div(us, US_PER_S);
    struct zone_span span;
    char text[CLOCK_TEXT_SIZE];

    zone_span_at(zone, seconds, &span);
    if (seconds + span.offset > CLOCK_MAX_US / US_PER_S) /* no year has five digits: in UTC */
        span.offset = 0;
    (void)clock_format((seconds + span.offset) * US_PER_S, text);
    buf_putf(b, "%.19s", text);
    put_offset(b, span.offset);
}

/* Completes text to RFC 3339 with an offset; *local tells that there was none. */
static bool complete(const char *text, char out[TEXT_SIZE], bool *local)
{
    size_t length = strlen(text);
    const char *rest = length >= MINUTE_LENGTH ? text + MINUTE_LENGTH : "";

    if (length + sizeof("T00:00:00Z") > TEXT_SIZE)
        return false;
    if (length == DATE_LENGTH) {
        (void)text_copy(out, TEXT_SIZE, text);
        (void)text_copy(out + length, TEXT_SIZE - length, "T00:00:00Z");
        *local = true;
        return true;
    }
    if (length < MINUTE_LENGTH)
        return false;
    (void)text_copy(out, MINUTE_LENGTH + 1, text);
    size_t used = MINUTE_LENGTH;
    used +=
        text_copy(out + used, TEXT_SIZE - used, *rest == ':' ? "" : ":00") ? strlen(out + used) : 0;
    (void)text_copy(out + used, TEXT_SIZE - used, rest);
    *local = !strpbrk(rest, "Zz+-");
    if (*local)
        (void)text_copy(out + strlen(out), TEXT_SIZE - strlen(out), "Z");
    return true;
}

bool parse_zoned_time(const char *text, const struct zone *zone, int64_t *us)
{
    char whole[TEXT_SIZE];
    bool local = false;

    if (!complete(text, whole, &local) || !clock_parse(whole, us))
        return false;
    if (local) {
        int64_t seconds = civil_floor_div(*us, US_PER_S);
        int64_t fraction = *us - seconds * US_PER_S;

        *us = zone_from_local(zone, seconds) * US_PER_S + fraction;
    }
    return true;
}
