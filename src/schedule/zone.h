/*
 * zone.h - time zones from the system's files, safe in threaded programs
 *
 * The C library's own way, tzset(), sets one zone for the whole process and is not for threads.
 * Here a zone is an immutable object, read once from /usr/share/zoneinfo and kept for the life of
 * the process; their number is bounded by the files there. Looking one up takes no lock: a list
 * that only grows, at its head, by compare and swap.
 *
 *     const struct zone *zone;
 *     struct zone_span span;
 *
 *     if (zone_find("Europe/Berlin", &zone, err) < 0) ...
 *     zone_span_at(zone, now, &span);
 *     local = now + span.offset;
 *
 * Times here are seconds since 1970 UTC, "local" ones the seconds that a wall clock has counted
 * since it showed 1970-01-01 00:00:00. Threads: any.
 */
#ifndef PLAIN_SCHEDULE_ZONE_H
#define PLAIN_SCHEDULE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "schedule/rule.h"

/* Before and after all time; adding an offset to them is safe. */
#define ZONE_BEGIN (-(INT64_C(1) << 60))
#define ZONE_END   (INT64_C(1) << 60)

enum { ZONE_NAME_SIZE = 64 };

struct zone {
    const struct zone *next; /* in the cache */
    char name[ZONE_NAME_SIZE];
    bool has_rule;         /* rule holds from rule_from on; else the last change goes on for ever */
    struct zone_rule rule; /* has_summer is set */
    int64_t rule_from;
    /* changes[0].at is ZONE_BEGIN; at rises; each offset differs from the one before it. They lie
     * in the same piece of memory as the zone. */
    const struct zone_change *changes;
    size_t count; /* at least 1 */
};

/* A stretch of time with one offset: start <= t < end. Neighbours may have the same offset. */
struct zone_span {
    int64_t start; /* ZONE_BEGIN for the first */
    int64_t end;   /* ZONE_END for the last    */
    int32_t offset;
};

/*
 * The zone of that name; NULL, "" and "UTC" are UTC and need no file. *out is valid for ever. Reads
 * a file at the first use of a name. Errors (PJ403): PLAIN_E_INVALID for a name that is not well
 * formed or that no file has, PLAIN_E_NOT_FOUND when the machine has no zone files at all,
 * PLAIN_E_IO when a file cannot be read or is damaged, PLAIN_E_NOMEM.
 */
int zone_find(const char *name, const struct zone **out, plain_error *err) PLAIN_MUST_USE;

/* The same from any folder and without the cache; *out is owned by the caller: mem_free(). */
int zone_load(const char *folder, const char *name, struct zone **out,
              plain_error *err) PLAIN_MUST_USE;

/* Whether name may be the name of a zone: letters, digits, _ + - and single inner slashes. */
bool zone_name_is_valid(const char *name);

/* The stretch that contains at, of the years -9000 to 19000. */
void zone_span_at(const struct zone *zone, int64_t at, struct zone_span *out);

/*
 * The instant at which the zone's wall clock shows local: the first of two when it is repeated;
 * when it is skipped, the time by the offset before the jump, as RFC 5545 has it (02:30 is then
 * 03:30).
 */
int64_t zone_from_local(const struct zone *zone, int64_t local);

#endif
