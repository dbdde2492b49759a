#include "worker/served.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "core/queue_pattern.h"

void served_init(struct served *s, const char *const *patterns, size_t count)
{
    *s = (struct served){
        .names = patterns, .count = count, .patterns = patterns, .pattern_count = count};
    for (size_t i = 0; i < count; i++)
        s->is_open = s->is_open || queue_pattern_is_open(patterns[i]);
    s->stale = true;
}

void served_release(struct served *s)
{
    arena_release(&s->arena);
}

static void forget(struct served *s)
{
    s->names = NULL;
    s->count = 0;
    arena_reset(&s->arena);
}

/* The names that match, of a look at found[]. */
static int choose(struct served *s, const char *const *found, size_t count, plain_error *err)
{
    const char **names = arena_array(&s->arena, count + 1, sizeof(*names));
    size_t n = 0;

    if (!names)
        return error_nomem(err);
    for (size_t i = 0; i < count; i++) {
        if (queue_patterns_match(s->patterns, s->pattern_count, found[i]))
            names[n++] = found[i];
    }
    s->names = names;
    s->count = n;
    return PLAIN_OK;
}

static int look(struct served *s, struct store *store, plain_error *err)
{
    const char *const *found = NULL;
    size_t count = 0;
    int r = store->ops->queue_names(store, s->after, SERVED_MAX, &s->arena, &found, &count, err);

    if (r < 0)
        return r;
    (void)text_copy(s->after, sizeof(s->after), count == SERVED_MAX ? found[count - 1] : "");
    return choose(s, found, count, err);
}

int served_refresh(struct served *s, struct store *store, plain_error *err)
{
    int64_t now = clock_mono_us();
    bool was_behind = s->after[0] != '\0';

    if (!s->is_open || (!s->stale && now - s->read_us < (int64_t)SERVED_AGE_MS * US_PER_MS))
        return PLAIN_OK;
    forget(s);
    s->stale = true;
    int r = look(s, store, err);
    if (r == PLAIN_OK && s->count == 0 && was_behind && !s->after[0])
        r = look(s, store, err); /* nothing behind: from the beginning, at once */
    if (r < 0) {
        forget(s);
        return r;
    }
    s->read_us = now;
    s->stale = false;
    return PLAIN_OK;
}

bool served_has_more(const struct served *s)
{
    return s->after[0] != '\0';
}

void served_note(struct served *s, bool full)
{
    if (!full)
        s->stale = true;
}
