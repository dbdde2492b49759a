#include "core/retry_policy.h"

#include <string.h>

#include <plain/jobs/class.h>

#include "base/text.h"

enum { WORDS_MAX = 4, TEXT_SIZE = 96 };

const char retry_policy_forms[] =
    "\"30s\", \"constant 30s\", \"linear 10s max 5m\" or \"exponential 1s max 1h\"";

static const char *const growths[] = {
    [RETRY_CONSTANT] = "constant",
    [RETRY_LINEAR] = "linear",
    [RETRY_EXPONENTIAL] = "exponential",
};

/* Cuts text at its blanks; the number of words, or more than WORDS_MAX. */
static size_t split(char *text, const char *words[WORDS_MAX])
{
    size_t n = 0;

    for (char *p = text + strspn(text, " "); *p; p += strspn(p, " ")) {
        if (n == WORDS_MAX)
            return n + 1;
        words[n++] = p;
        p += strcspn(p, " ");
        if (*p)
            *p++ = '\0';
    }
    return n;
}

static bool parse_delay(const char *word, int64_t *out)
{
    return text_parse_duration_ms(word, out) && *out <= PLAIN_DELAY_MAX;
}

static bool find_growth(const char *word, enum retry_growth *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(growths); i++) {
        if (strcmp(word, growths[i]) == 0) {
            *out = (enum retry_growth)i;
            return true;
        }
    }
    return false;
}

/* growth, base and, where it grows, "max" and a maximum. */
static bool parse_words(const char *const *words, size_t n, struct retry_policy *p)
{
    if (n < 2 || !find_growth(words[0], &p->growth) || !parse_delay(words[1], &p->base_ms))
        return false;
    if (n == 2)
        return true;
    return n == WORDS_MAX && p->growth != RETRY_CONSTANT && strcmp(words[2], "max") == 0 &&
           parse_delay(words[3], &p->max_ms) && p->max_ms >= p->base_ms;
}

bool retry_policy_parse(const char *text, struct retry_policy *out)
{
    struct retry_policy p = {.growth = RETRY_CONSTANT, .max_ms = PLAIN_DELAY_MAX};
    const char *words[WORDS_MAX];
    char copy[TEXT_SIZE];

    if (!text_copy(copy, sizeof(copy), text))
        return false;
    size_t n = split(copy, words);
    if (!(n == 1 && parse_delay(words[0], &p.base_ms)) && !parse_words(words, n, &p))
        return false;
    *out = p;
    return true;
}

/* By what the base is multiplied; saturates. */
static int64_t factor(enum retry_growth growth, int attempt)
{
    enum { SHIFT_MAX = 62 };
    int times = attempt > 1 ? attempt : 1;

    if (growth == RETRY_CONSTANT)
        return 1;
    if (growth == RETRY_LINEAR)
        return times;
    return times > SHIFT_MAX ? INT64_MAX : INT64_C(1) << (times - 1);
}

int64_t retry_policy_delay_ms(const struct retry_policy *policy, int attempt)
{
    int64_t by = factor(policy->growth, attempt);

    if (policy->base_ms > policy->max_ms / by)
        return policy->max_ms;
    return policy->base_ms * by;
}
