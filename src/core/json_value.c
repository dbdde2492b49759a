#include "core/json_value.h"

#include <stdbool.h>

enum { EXPONENT_MAX = 1000000 /* far more than can be held: nothing overflows */ };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char **p, const char *end)
{
    const char *start = *p;

    while (*p < end && is_digit(**p))
        (*p)++;
    return (size_t)(*p - start);
}

static long read_exponent(const char *p, const char *end)
{
    bool negative = p < end && *p == '-';
    long n = 0;

    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end && is_digit(*p) && n < EXPONENT_MAX; p++)
        n = n * 10 + (*p - '0');
    return negative ? -n : n;
}

/* The bytes of a number without its exponent; 0 for one that cannot be held. A double holds it, so
 * there are not too many digits in front of the point, but for a zero's exponent. */
static size_t number_size(const char *p, const char *end)
{
    size_t sign = *p == '-';

    p += sign;
    long before = (long)count_digits(&p, end), behind = 0, exponent = 0;
    if (p < end && *p == '.') {
        p++;
        behind = (long)count_digits(&p, end);
    }
    if (p < end)
        exponent = read_exponent(p + 1, end);
    before += exponent;
    behind -= exponent;
    if (behind > JSON_VALUE_DIGITS_MAX || exponent > EXPONENT_MAX)
        return 0;
    return sign + (before > 1 ? (size_t)before : 1) + (behind > 0 ? 1 + (size_t)behind : 0);
}

size_t json_value_size(struct jtext text, struct jtext *refused)
{
    const char *p = text.p, *end = text.p + text.n, *next;
    size_t size = 0;

    *refused = (struct jtext){0};
    for (; p < end; p = next) {
        size_t grown = 1;

        next = p + 1;
        if (*p == '"') {
            next = jtext_string_end(p, end);
            grown = (size_t)(next - p);
        } else if (*p == ',' || *p == ':') {
            grown = 2;
        } else if (is_digit(*p) || *p == '-') {
            next = jtext_scalar_end(p, end);
            grown = number_size(p, next);
            if (grown == 0 && refused->n == 0)
                *refused = (struct jtext){p, (size_t)(next - p)};
        }
        size += grown;
    }
    return size;
}
