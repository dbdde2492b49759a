#include "core/fingerprint.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

static uint64_t mix(uint64_t hash, unsigned char byte)
{
    return hash_byte(hash, byte);
}

static uint64_t mix_text(uint64_t hash, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = mix(hash, (unsigned char)text[i]);
    return mix(hash, 0);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* The length of the run of digits and hex letters at p; it is a number when a digit is in it. */
static size_t run_length(const char *p, bool *is_number)
{
    size_t n = 0, digits = 0;

    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        n = digits = 2;
    for (; is_hex(p[n]) || (n > 0 && p[n] == '-'); n++)
        digits += is_digit(p[n]);
    *is_number = digits > 0;
    return n;
}

/* The length of a quoted part with its quotes; 0 when p does not begin one that ends. */
static size_t quoted_length(const char *p)
{
    if (*p != '"' && *p != '\'')
        return 0;
    const char *end = strchr(p + 1, *p);
    return end ? (size_t)(end - p) + 1 : 0;
}

/* A run that is no number has none in it either, and is mixed at once: to look again at each of its
 * letters would take the square of its length. */
static uint64_t mix_message(uint64_t hash, const char *p)
{
    while (*p) {
        bool is_variable = true;
        size_t n = quoted_length(p);

        if (n == 0)
            n = run_length(p, &is_variable);
        if (n > 0 && is_variable) {
            hash = mix(hash, '#');
        } else {
            n = n > 0 ? n : 1;
            for (size_t i = 0; i < n; i++)
                hash = mix(hash, (unsigned char)p[i]);
        }
        p += n;
    }
    return mix(hash, 0);
}

/* "  #0 name+0x1f (module)" without the offset, which changes with every build. */
static uint64_t mix_frame(uint64_t hash, const char *error)
{
    const char *frame = error ? strstr(error, "  #0 ") : NULL;

    if (!frame)
        return hash;
    frame += strlen("  #0 ");
    return mix_text(hash, frame, strcspn(frame, "+\n"));
}

const char *fingerprint(const char *job_class, const char *error_type, const char *message,
                        const char *error, char out[FINGERPRINT_SIZE])
{
    uint64_t hash = mix_text(HASH_START, job_class, strlen(job_class));

    hash = mix_text(hash, error_type, strlen(error_type));
    hash = mix_message(hash, message);
    hash = mix_frame(hash, error);
    (void)snprintf(out, FINGERPRINT_SIZE, "%016" PRIx64, hash);
    return out;
}
