/*
 * match.h - the minutes of a schedule on a wall clock without time zones
 *
 * Times here are minutes since 1970-01-01 00:00 on that clock. A search goes month by month, and
 * within a month by bits, so its cost is bounded by the months in its range: *steps grows by one
 * for each, which the tests look at. schedule must be sound (cron_is_sound). Pure functions.
 */
#ifndef PLAIN_SCHEDULE_MATCH_H
#define PLAIN_SCHEDULE_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/schedule.h>

/* The first and the last match in [low, high); false when there is none. */
bool match_first(const plain_schedule *s, int64_t low, int64_t high, int64_t *out, unsigned *steps);
bool match_last(const plain_schedule *s, int64_t low, int64_t high, int64_t *out, unsigned *steps);

#endif
