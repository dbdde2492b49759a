#include "schedule/search.h"

#include "schedule/civil.h"
#include "schedule/match.h"

/* No two offsets of a zone are further apart: what ended earlier than this cannot matter. */
enum { LOOK_BACK = 2 * ZONE_OFFSET_MAX };

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The latest time that the wall clock showed before a span, or rather the first that it did not. */
static int64_t high_water_mark(const struct zone *zone, const struct zone_span *span)
{
    struct zone_span before = *span;
    int64_t mark = ZONE_BEGIN;

    do {
        zone_span_at(zone, before.start - 1, &before);
        mark = larger(mark, before.end + before.offset);
    } while (before.start > span->start - LOOK_BACK);
    return mark;
}

/* The local time from which on a span is looked through. */
static int64_t span_low(const struct search *search, const struct zone_span *span)
{
    int64_t begins = span->start + span->offset;
    int dst = search->schedule->flags & PLAIN_SCHEDULE_WILDCARD ? PLAIN_DST_WALL : search->dst;

    if (span->start == ZONE_BEGIN || dst == PLAIN_DST_WALL)
        return begins;
    int64_t mark = high_water_mark(search->zone, span);
    return dst & (mark < begins ? PLAIN_DST_GAP_SKIP : PLAIN_DST_REPEAT_TWICE) ? begins : mark;
}

/* A match at a local minute runs then or, when it was skipped, as the span begins. */
static int64_t run_at(const struct zone_span *span, int64_t local_minute)
{
    return larger(span->start, local_minute * SECONDS_PER_MINUTE - span->offset);
}

/* The matches of a span that run in from <= t <= to, as local minutes: low <= m < high. */
static void span_minutes(const struct search *search, const struct zone_span *span, int64_t from,
                         int64_t to, int64_t *low, int64_t *high)
{
    int64_t first = span_low(search, span);

    if (from > span->start)
        first = larger(first, from + span->offset);
    *low = civil_ceil_div(first, SECONDS_PER_MINUTE);
    *high = civil_ceil_div(smaller(span->end, to + 1) + span->offset, SECONDS_PER_MINUTE);
}

/*
 * The next moment, at or after span->end, that can have a run: a schedule of few days would else be
 * looked for in each span of 50 years. No clock is more than ZONE_OFFSET_MAX away from UTC.
 */
static bool skip_ahead(struct search *search, struct zone_span *span, int64_t to)
{
    int64_t low = civil_floor_div(span->end - ZONE_OFFSET_MAX, SECONDS_PER_MINUTE);
    int64_t high = civil_floor_div(to + ZONE_OFFSET_MAX, SECONDS_PER_MINUTE) + 1;
    int64_t found;

    if (!match_first(search->schedule, low, high, &found, &search->steps))
        return false;
    span->end = larger(span->end, found * SECONDS_PER_MINUTE - ZONE_OFFSET_MAX);
    return span->end <= to;
}

/* The same backward: the last moment before span->start, which is then just behind it. */
static bool skip_back(struct search *search, struct zone_span *span, int64_t from)
{
    int64_t low = civil_floor_div(from - ZONE_OFFSET_MAX, SECONDS_PER_MINUTE);
    int64_t high = civil_ceil_div(span->start + ZONE_OFFSET_MAX, SECONDS_PER_MINUTE);
    int64_t found;

    if (!match_last(search->schedule, low, high, &found, &search->steps))
        return false;
    span->start = smaller(span->start, found * SECONDS_PER_MINUTE + ZONE_OFFSET_MAX + 1);
    return span->start > from;
}

bool search_first(struct search *search, int64_t from, int64_t to, int64_t *out)
{
    struct zone_span span = {.end = from};
    int64_t low, high, found;

    do {
        zone_span_at(search->zone, span.end, &span);
        search->steps++;
        span_minutes(search, &span, from, to, &low, &high);
        if (match_first(search->schedule, low, high, &found, &search->steps)) {
            *out = run_at(&span, found);
            return true;
        }
    } while (span.end <= to && skip_ahead(search, &span, to));
    return false;
}

bool search_last(struct search *search, int64_t from, int64_t to, int64_t *out)
{
    struct zone_span span = {.start = to + 1};
    int64_t low, high, found;

    do {
        zone_span_at(search->zone, span.start - 1, &span);
        search->steps++;
        span_minutes(search, &span, from, to, &low, &high);
        if (match_last(search->schedule, low, high, &found, &search->steps)) {
            *out = run_at(&span, found);
            return true;
        }
    } while (span.start > from && skip_back(search, &span, from));
    return false;
}
