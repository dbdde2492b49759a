/*
 * local.h - times of a zone as people write them
 *
 *     2026-11-24T09:00:00+01:00
 */
#ifndef PLAIN_SCHEDULE_LOCAL_H
#define PLAIN_SCHEDULE_LOCAL_H

#include <stdbool.h>
#include <stdint.h>

#include "schedule/zone.h"

enum { LOCAL_TEXT_SIZE = 32 };

/*
 * RFC 3339 in whole seconds with the zone's offset, "+00:00" for UTC; returns out. us is clamped to
 * the years 1 to 9999. An offset of odd seconds (before 1972) is cut to minutes, which RFC 3339
 * wants: the text still means that instant.
 */
const char *local_format(const struct zone *zone, int64_t us, char out[LOCAL_TEXT_SIZE]);

/*
 * Reads RFC 3339, or the same without an offset, which is then a time of the zone's wall clock; the
 * seconds, or the whole time of day, may be left out. False when text is anything else.
 */
bool local_parse(const struct zone *zone, const char *text, int64_t *us);

#endif
