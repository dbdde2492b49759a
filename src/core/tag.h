/*
 * tag.h - dates, date-times and model references as tagged strings
 *
 *     "__plain://date/2026-11-24"
 *     "__plain://datetime/2026-11-24T06:30:00.123456+05:45"
 *     "__plain://model/app/user/42", and from older rows "gid://app/User/42"
 *
 * A kind of tag is a constant; `value` is a plain_date, a plain_datetime or a plain_model. The
 * functions return NULL when all is well, else what they were given instead, in words that stand
 * behind "takes a date, not ..."; *value or out is then undefined.
 */
#ifndef PLAIN_CORE_TAG_H
#define PLAIN_CORE_TAG_H

#include <plain/jobs/params.h>

#include "base/compiler.h"

/* Of a model's part, without the NUL. */
enum { TAG_PART_MAX = 255 };

/* Enough for every tagged string: the prefix, three parts and what stands between them. */
enum { TAG_SIZE = 32 + 3 * (TAG_PART_MAX + 1) };

struct tag;
extern const struct tag tag_date, tag_datetime, tag_model;

/* Reads a tagged string. The parts of a model are cut from text, which must live as long. */
const char *tag_read(const struct tag *tag, char *text, void *value) PLAIN_MUST_USE;

/* The same, and the string may come without its prefix, as people write it: "app/user/42". */
const char *tag_read_bare(const struct tag *tag, char *text, void *value) PLAIN_MUST_USE;

const char *tag_write(const struct tag *tag, const void *value, char out[TAG_SIZE]) PLAIN_MUST_USE;

#endif
