/*
 * cron.h - cron text to a plain_schedule
 *
 * The grammar stands in plain/jobs/schedule.h. What is wrong is told as a cron_fault, a place and a
 * reason, from which the error of the public function and the line with the caret are both made.
 * Pure functions; nothing is allocated.
 */
#ifndef PLAIN_SCHEDULE_CRON_H
#define PLAIN_SCHEDULE_CRON_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/schedule.h>

struct cron_fault {
    const char *field; /* "hour", ... or "schedule"; static                        */
    size_t at;         /* byte offset into the text                                */
    size_t length;     /* bytes that are wrong; 0: something is missing there      */
    char reason[160];  /* "25 is above 23"; may hold any bytes that the text holds */
};

/* False, and *fault filled, when text is no schedule; *out is then left alone. */
bool cron_parse(const char *text, plain_schedule *out, struct cron_fault *fault);

/* The same from single fields; fault->at counts within the field that fault->field names. */
bool cron_parse_fields(const plain_schedule_fields *fields, plain_schedule *out,
                       struct cron_fault *fault);

/* Whether s has a bit in each set and none outside: what the parsers make, and the searches need.
 */
bool cron_is_sound(const plain_schedule *s);

#endif
