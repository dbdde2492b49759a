#include "base/text.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_parse_int64(const char *s, int64_t min, int64_t max, int64_t *out)
{
    bool negative = *s == '-';
    int64_t n = 0;

    s += negative;
    if (!*s)
        return false;
    for (; *s; s++) {
        /* INT64_MIN has no positive counterpart, so a negative number grows downwards. */
        int64_t digit = negative ? -(*s - '0') : *s - '0';

        if (!is_digit(*s) || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, digit, &n))
            return false;
    }
    if (n < min || n > max)
        return false;
    *out = n;
    return true;
}

static const char *skip_digits(const char *s)
{
    while (is_digit(*s))
        s++;
    return s;
}

/* The end of the fraction that starts at s (".5"), s when there is none, NULL when it is cut off.
 */
static const char *skip_fraction(const char *s)
{
    if (*s != '.')
        return s;
    const char *end = skip_digits(s + 1);
    return end == s + 1 ? NULL : end;
}

/* The same for an exponent ("e-7"). */
static const char *skip_exponent(const char *s)
{
    if (*s != 'e' && *s != 'E')
        return s;
    s++;
    if (*s == '+' || *s == '-')
        s++;
    const char *end = skip_digits(s);
    return end == s ? NULL : end;
}

static bool is_json_number(const char *s)
{
    if (*s == '-')
        s++;
    const char *end = *s == '0' ? s + 1 : skip_digits(s);
    if (end == s)
        return false;
    end = skip_fraction(end);
    if (end)
        end = skip_exponent(end);
    return end && *end == '\0';
}

/* strtod in the C locale: an application may have set one where the decimal point is a comma. */
static bool read_double(const char *s, double *out)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);

    if (!c)
        return false;
    locale_t before = uselocale(c);
    *out = strtod(s, NULL);
    (void)uselocale(before);
    freelocale(c);
    return isfinite(*out);
}

bool text_parse_double(const char *s, double *out)
{
    double d;

    if (!is_json_number(s) || !read_double(s, &d))
        return false;
    *out = d;
    return true;
}

bool text_parse_bool(const char *s, bool *out)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        {"true", true}, {"false", false}, {"1", true},  {"0", false},
        {"yes", true},  {"no", false},    {"on", true}, {"off", false},
    };

    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (text_equal_nocase(s, words[i].word)) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

/* Milliseconds in a unit, 0 for an unknown one. */
static int64_t unit_ms(const char *unit)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};

    for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
        if (strcmp(unit, units[i].name) == 0)
            return units[i].ms;
    }
    return 0;
}

/* The fraction between the point and `end` in milliseconds; false when it is finer than that. */
static bool fraction_to_ms(const char *point, const char *end, int64_t unit, int64_t *ms)
{
    enum { MOST_DIGITS = 9 }; /* 10^9 days in milliseconds still fit */
    int64_t value = 0;
    int64_t scale = 1;

    *ms = 0;
    if (point == end)
        return true;
    if (end - point - 1 > MOST_DIGITS)
        return false;
    for (const char *p = point + 1; p < end; p++, scale *= 10)
        value = value * 10 + (*p - '0');
    *ms = value * unit / scale;
    return value * unit % scale == 0;
}

/* The digits from s to end as an integer; false when there are none or they do not fit. */
static bool digits_to_int64(const char *s, const char *end, int64_t *out)
{
    *out = 0;
    for (const char *p = s; p < end; p++) {
        if (__builtin_mul_overflow(*out, 10, out) || __builtin_add_overflow(*out, *p - '0', out))
            return false;
    }
    return end > s;
}

bool text_parse_duration_ms(const char *s, int64_t *out)
{
    const char *point = skip_digits(s);
    const char *end = skip_fraction(point);
    int64_t unit = end ? unit_ms(end) : 0;
    int64_t whole, fraction, ms;

    if (unit == 0 || !digits_to_int64(s, point, &whole) ||
        !fraction_to_ms(point, end, unit, &fraction) || __builtin_mul_overflow(whole, unit, &ms) ||
        __builtin_add_overflow(ms, fraction, &ms))
        return false;
    *out = ms;
    return true;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The largest number of bytes up to n that does not cut a character of s in two. */
static size_t cut_at_character(const char *s, size_t n)
{
    size_t cut = n;

    for (int i = 0; i < 3 && cut > 0 && is_continuation(s[cut]); i++)
        cut--;
    return is_continuation(s[cut]) ? n : cut; /* not UTF-8: any place is as good */
}

static const char size_units[] = "KMGT";

bool text_parse_size(const char *s, int64_t *out)
{
    char digits[24];
    size_t n = strspn(s, "0123456789");
    int64_t value, unit = 1;

    if (n == 0 || n >= sizeof(digits))
        return false;
    memcpy(digits, s, n);
    digits[n] = '\0';
    if (!text_parse_int64(digits, 0, INT64_MAX, &value))
        return false;
    for (size_t i = 0; s[n] != '\0' && i < sizeof(size_units) - 1; i++) {
        unit *= 1024;
        if ((s[n] & ~0x20) == size_units[i] && s[n + 1] == '\0') {
            if (value > INT64_MAX / unit)
                return false;
            *out = value * unit;
            return true;
        }
    }
    if (s[n] != '\0')
        return false;
    *out = value;
    return true;
}

const char *text_size(int64_t bytes, char out[TEXT_SIZE_SIZE])
{
    size_t i = 0;

    while (bytes > 0 && bytes % 1024 == 0 && i < sizeof(size_units) - 1) {
        bytes /= 1024;
        i++;
    }
    (void)snprintf(out, TEXT_SIZE_SIZE, "%lld%.*s", (long long)bytes, i > 0 ? 1 : 0,
                   size_units + (i > 0 ? i - 1 : 0));
    return out;
}

bool text_copy(char *dst, size_t size, const char *src)
{
    size_t n = strlen(src);
    bool fits = n < size;

    if (size == 0)
        return false;
    if (!fits)
        n = cut_at_character(src, size - 1);
    memmove(dst, src, n);
    dst[n] = '\0';
    return fits;
}

bool text_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool text_equal_nocase(const char *a, const char *b)
{
    while (*a && text_lower(*a) == text_lower(*b)) {
        a++;
        b++;
    }
    return *a == *b;
}

enum { NAME_MAX_COMPARED = 64 };

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

unsigned text_distance(const char *a, const char *b)
{
    size_t na = strnlen(a, NAME_MAX_COMPARED);
    size_t nb = strnlen(b, NAME_MAX_COMPARED);
    unsigned row[NAME_MAX_COMPARED + 1]; /* row[j]: from the first i of a to the first j of b */

    for (unsigned j = 0; j <= nb; j++)
        row[j] = j;
    for (unsigned i = 1; i <= na; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            unsigned replaced = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = smallest(replaced, row[j] + 1, row[j - 1] + 1);
        }
    }
    return row[nb];
}

/* Whether somebody who typed s may have meant name, `distance` edits away. */
static bool is_near(const char *s, const char *name, unsigned distance)
{
    enum { SHORTEST_PREFIX = 2 };
    size_t len = strlen(s);

    if (len >= SHORTEST_PREFIX && text_starts_with(name, s))
        return true;
    return distance < len && distance <= 1 + len / 4;
}

const char *text_nearest(const char *s, const char *const *names, size_t n)
{
    const char *nearest = NULL;
    unsigned least = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned distance = text_distance(s, names[i]);

        if (is_near(s, names[i], distance) && (!nearest || distance < least)) {
            nearest = names[i];
            least = distance;
        }
    }
    return nearest;
}

/* The well-formed sequences of more than one byte (Unicode, table 3-7): what stands first, what
 * may stand second; all later bytes are any continuation. */
static const struct sequence {
    unsigned char first_low, first_high, second_low, second_high;
    unsigned char length;
    unsigned char first_mask; /* the bits of the first byte that belong to the character */
} sequences[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2, 0x1F}, {0xE0, 0xE0, 0xA0, 0xBF, 3, 0x0F},
    {0xE1, 0xEC, 0x80, 0xBF, 3, 0x0F}, {0xED, 0xED, 0x80, 0x9F, 3, 0x0F},
    {0xEE, 0xEF, 0x80, 0xBF, 3, 0x0F}, {0xF0, 0xF0, 0x90, 0xBF, 4, 0x07},
    {0xF1, 0xF3, 0x80, 0xBF, 4, 0x07}, {0xF4, 0xF4, 0x80, 0x8F, 4, 0x07},
};

static const struct sequence *find_sequence(unsigned char first)
{
    for (size_t i = 0; i < ARRAY_SIZE(sequences); i++) {
        if (first >= sequences[i].first_low && first <= sequences[i].first_high)
            return &sequences[i];
    }
    return NULL;
}

/* Decodes one character of the n > 0 bytes at s; 0 bytes when it is not valid. Never looks past a
 * byte that is not a continuation, so n may be too large where a NUL ends s. */
static size_t decode(const char *s, size_t n, unsigned *cp)
{
    unsigned char first = (unsigned char)s[0];

    *cp = first;
    if (first < 0x80)
        return 1;
    const struct sequence *q = find_sequence(first);
    if (!q || n < q->length)
        return 0;
    unsigned char second = (unsigned char)s[1];
    if (second < q->second_low || second > q->second_high)
        return 0;
    *cp = first & q->first_mask;
    for (size_t i = 1; i < q->length; i++) {
        if (!is_continuation(s[i]))
            return 0;
        *cp = *cp << 6 | ((unsigned char)s[i] & 0x3Fu);
    }
    return q->length;
}

size_t utf8_next(const char *s, unsigned *cp)
{
    enum { LONGEST = 4 };

    assert(*s);
    size_t n = decode(s, LONGEST, cp);
    if (n > 0)
        return n;
    *cp = UTF8_REPLACEMENT;
    return 1;
}

bool utf8_valid(const char *s, size_t n)
{
    size_t i = 0;

    for (;;) {
        while (i < n && (signed char)s[i] > 0) /* nearly all text is ASCII */
            i++;
        if (i == n)
            return true;
        unsigned cp;
        size_t length = decode(s + i, n - i, &cp);
        if (length == 0 || cp == 0)
            return false;
        i += length;
    }
}

size_t utf8_clean(char *dst, size_t size, const char *src, size_t n)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    size_t written = 0;

    if (size == 0)
        return 0;
    for (size_t i = 0; i < n;) {
        unsigned cp;
        size_t length = decode(src + i, n - i, &cp);
        bool valid = length > 0 && cp != 0;
        const char *from = valid ? src + i : replacement;
        size_t add = valid ? length : sizeof(replacement) - 1;

        if (add >= size - written)
            break;
        memcpy(dst + written, from, add);
        written += add;
        i += valid ? length : 1;
    }
    dst[written] = '\0';
    return written;
}
