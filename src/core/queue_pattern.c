#include "core/queue_pattern.h"

#include <string.h>

#include "base/error.h"
#include "core/class.h"

bool queue_pattern_is_open(const char *pattern)
{
    size_t n = strlen(pattern);

    return n > 0 && pattern[n - 1] == '*';
}

bool queue_pattern_matches(const char *pattern, const char *queue)
{
    if (!queue_pattern_is_open(pattern))
        return strcmp(pattern, queue) == 0;
    return strncmp(pattern, queue, strlen(pattern) - 1) == 0;
}

bool queue_patterns_match(const char *const *patterns, size_t count, const char *queue)
{
    for (size_t i = 0; i < count; i++) {
        if (queue_pattern_matches(patterns[i], queue))
            return true;
    }
    return false;
}

int queue_pattern_check(const char *pattern, plain_error *err)
{
    int r = class_check_text("queue", pattern, false, err);
    const char *star = strchr(pattern, '*');

    if (r < 0 || !star || !star[1])
        return r;
    r = error_set(err, PLAIN_E_INVALID, 201, "queue",
                  "a * may only stand at the end of a queue: \"%s\" would match nothing", pattern);
    error_fix(err, "name the queue, or what its name begins with: 'mail*'");
    return r;
}
