/*
 * search.h - the next and the last run of a schedule in a zone
 *
 * Time is a row of spans with one offset each (zone.h). In each, the schedule is looked for on the
 * wall clock (match.h). What the clock changes do is one number a span: the local time from which
 * on it is looked for. The wall clock has a high-water mark, the latest time that it has shown so
 * far. When a span begins above the mark, the times between were skipped; when it begins below, the
 * times up to the mark are repeated. So a span is looked through
 *
 *     from the mark on            skipped times run, repeated ones do not again: PLAIN_DST_CRON
 *     from its beginning on       skipped times do not run, repeated ones do: PLAIN_DST_WALL
 *
 * and a skipped time, which lies before the span's beginning, runs when the span begins. A later
 * match on the wall clock never runs earlier, so the first match in the first span that has one is
 * the answer, and prev is the same backward.
 *
 * Times are whole seconds since 1970 UTC. Pure functions.
 */
#ifndef PLAIN_SCHEDULE_SEARCH_H
#define PLAIN_SCHEDULE_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/schedule.h>

#include "schedule/zone.h"

struct search {
    const plain_schedule *schedule; /* sound: cron_is_sound() */
    const struct zone *zone;
    int dst;        /* PLAIN_DST_...                        */
    unsigned steps; /* months and spans looked at: the cost */
};

/* The first run in from <= t <= to, or the last one; false when there is none. */
bool search_first(struct search *search, int64_t from, int64_t to, int64_t *out);
bool search_last(struct search *search, int64_t from, int64_t to, int64_t *out);

#endif
