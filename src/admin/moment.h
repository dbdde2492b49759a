/*
 * moment.h - times and durations as people read and write them
 */
#ifndef PLAIN_ADMIN_MOMENT_H
#define PLAIN_ADMIN_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "schedule/zone.h"

/* "2026-11-24 07:30:00" in the system's time zone, or with a Z in UTC; STORE_NO_TIME is "-". With
 * `precise` milliseconds and the offset follow: "2026-11-24 07:30:00.123+01:00". */
void put_time(struct buf *b, int64_t us, bool utc, bool precise);

/* "0.4 ms", "40 ms", "1.2 s", "3 min 12 s", "2 h 3 min", "4 d 2 h"; negative counts as 0. */
void put_duration(struct buf *b, int64_t us);

/* RFC 3339 in whole seconds with the offset of the zone: "2026-03-29T03:00:00+02:00". */
void put_zoned_time(struct buf *b, int64_t us, const struct zone *zone);

/* RFC 3339, of which seconds, the whole time of day and the offset may be left out. Without an
 * offset it is local time of the zone: the first pass of a repeated hour; a skipped time by the
 * offset before the jump. */
bool parse_zoned_time(const char *text, const struct zone *zone, int64_t *us);

#endif
