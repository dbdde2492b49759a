/*
 * iso8601.h - dates and date-times as ISO 8601 texts
 *
 * Reads what Python's fromisoformat() does: YYYY-MM-DD, YYYYMMDD, YYYY-Www[-D] or YYYYWww[D];
 * behind it T or a blank, then HH[:MM[:SS[.fraction]]] with or without the colons, then nothing, Z
 * or an offset. Digits of a fraction behind the sixth are dropped. Writes what isoformat() does.
 *
 * A function that may refuse returns NULL when all is well, else what it was given instead, in
 * words that stand behind "takes a date, not ...". *out is then undefined.
 */
#ifndef PLAIN_CORE_ISO8601_H
#define PLAIN_CORE_ISO8601_H

#include <plain/jobs/params.h>

#include "base/compiler.h"

/* "2026-11-24" and "2026-11-24T06:30:00.123456+05:45:30", each with its NUL, and room to spare. */
enum { ISO_DATE_SIZE = 16, ISO_DATETIME_SIZE = 48 };

const char *iso_parse_date(const char *text, plain_date *out) PLAIN_MUST_USE;
const char *iso_parse_datetime(const char *text, plain_datetime *out) PLAIN_MUST_USE;

const char *iso_format_date(const plain_date *date, char out[ISO_DATE_SIZE]) PLAIN_MUST_USE;
const char *iso_format_datetime(const plain_datetime *at,
                                char out[ISO_DATETIME_SIZE]) PLAIN_MUST_USE;

#endif
