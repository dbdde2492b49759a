/*
 * tzif.h - the bytes of a zone file (RFC 9636) to a zone
 *
 * Versions 1 to 4, of which the 64-bit part is read where there is one. Every count and index is
 * checked: damaged bytes give an error, never a bad read. Files that count leap seconds
 * ("right/...") are refused: the time that we are given has none. Pure function.
 */
#ifndef PLAIN_SCHEDULE_TZIF_H
#define PLAIN_SCHEDULE_TZIF_H

#include <stddef.h>

#include "schedule/zone.h"

/* Reads bytes[0, size); *out is owned by the caller: mem_free(). name is copied, and must fit.
 * PLAIN_E_IO, PJ403: damaged, or with leap seconds; PLAIN_E_NOMEM. */
int tzif_parse(const char *name, const unsigned char *bytes, size_t size, struct zone **out,
               plain_error *err) PLAIN_MUST_USE;

#endif
