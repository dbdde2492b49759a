#include "store/pause.h"

#include <string.h>

#include "core/queue_pattern.h"

const char *const pause_kind_names[PAUSE_KIND_COUNT] = {
    [PAUSE_QUEUE] = "queue",
    [PAUSE_CLASS] = "class",
};

const struct pause *pause_find(const struct pause *pauses, size_t count, enum pause_kind kind,
                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        const struct pause *p = &pauses[i];
        bool means =
            kind == PAUSE_QUEUE ? queue_pattern_matches(p->name, name) : strcmp(p->name, name) == 0;

        if (p->kind == kind && means)
            return p;
    }
    return NULL;
}
