#include "store/names.h"

#include <string.h>

#include "core/json.h"

/* Deep enough for an array of texts: a foreign program may have written anything there. */
enum { DEPTH_MAX = 8 };

void names_from_json(const char *json, struct arena *a, const char *const **names, size_t *count)
{
    struct jtext list;
    struct jtext_member m;
    size_t most = 0;

    *names = NULL;
    *count = 0;
    if (!json || jtext_check(json, strlen(json), DEPTH_MAX, "names", &list, NULL) < 0 ||
        jtext_kind(list) != JTEXT_ARRAY)
        return;
    for (struct jtext_walk walk = jtext_walk_start(list); jtext_walk_next(&walk, &m);)
        most++;
    const char **found = arena_array(a, most + 1, sizeof(*found));
    *names = found;
    for (struct jtext_walk walk = jtext_walk_start(list); found && jtext_walk_next(&walk, &m);) {
        if (jtext_kind(m.value) == JTEXT_STRING)
            found[(*count)++] = jtext_string(m.value, a);
    }
}
