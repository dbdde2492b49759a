/*
 * text.h - checked conversions and UTF-8
 *
 * The text_parse_ functions take the whole string or fail: no sign or blank is skipped that is not
 * named here, no overflow wraps. They return false and leave *out alone on failure.
 */
#ifndef PLAIN_BASE_TEXT_H
#define PLAIN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

bool text_parse_int64(const char *s, int64_t min, int64_t max, int64_t *out); /* [-]digits      */
bool text_parse_double(const char *s, double *out); /* JSON's grammar, finite                  */
bool text_parse_bool(const char *s, bool *out);     /* true false 1 0 yes no on off, any case  */

/* "60" (seconds), "300ms", "5m", "2h", "7d", "1.5s" to milliseconds; never negative; saturates
 * nothing: what does not fit in int64 milliseconds fails. */
bool text_parse_duration_ms(const char *s, int64_t *out);

/* "1048576", "512K", "256M", "2G", "1T" (of 1,024, either case) to bytes. */
bool text_parse_size(const char *s, int64_t *out);
/* The same backwards, in the largest unit that leaves no fraction; returns out. */
enum { TEXT_SIZE_SIZE = 24 };
const char *text_size(int64_t bytes, char out[TEXT_SIZE_SIZE]);

/* Writes at most size - 1 bytes and a NUL, cut at a character boundary; returns whether all fitted.
 */
bool text_copy(char *dst, size_t size, const char *src);

bool text_starts_with(const char *s, const char *prefix);
char text_lower(char c);                              /* ASCII only */
bool text_equal_nocase(const char *a, const char *b); /* likewise   */

/* Levenshtein distance of two short names, at most 64 bytes each looked at: for did-you-mean. */
unsigned text_distance(const char *a, const char *b);
/* The nearest of names[0..n-1] to s, or NULL when none is near enough to be meant. */
const char *text_nearest(const char *s, const char *const *names, size_t n);

/* UTF-8. utf8_next reads one character of s (NUL-terminated, not at its end): returns the bytes
 * read and the code point; an invalid sequence gives 1 and UTF8_REPLACEMENT. */
#define UTF8_REPLACEMENT 0xFFFDu
size_t utf8_next(const char *s, unsigned *cp);
bool utf8_valid(const char *s, size_t n); /* strict; a NUL byte is not valid text */
/* Copies src to dst as valid UTF-8 without NUL, at most size - 1 bytes, cut at a character
 * boundary; every invalid byte becomes U+FFFD. Returns the bytes written. */
size_t utf8_clean(char *dst, size_t size, const char *src, size_t n);

#endif
