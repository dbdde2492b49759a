#include "queue/unserved.h"

#include <string.h>

#include "base/error.h"
#include "core/queue_pattern.h"
#include "store/pause.h"

enum { WORD_MAX = 4096 };

/* One of another program does not tell what it can run: it is believed to run all. */
static bool has_class(const struct worker_view *w, const char *job_class)
{
    for (size_t i = 0; i < w->class_count; i++) {
        if (strcmp(w->classes[i], job_class) == 0)
            return true;
    }
    return !w->tells_classes;
}

/* What one worker does for a job. */
static enum service service_by(const struct worker_view *w, const char *queue,
                               const char *job_class)
{
    if (w->stale || w->wish != WISH_NONE)
        return NO_WORKER;
    if (!queue_patterns_match(w->queues, w->queue_count, queue))
        return NO_QUEUE;
    return has_class(w, job_class) ? SERVED : NO_CLASS;
}

enum service service_of(const struct worker_view *workers, size_t count, const char *queue,
                        const char *job_class)
{
    enum service found = NO_WORKER;

    for (size_t i = 0; i < count; i++) {
        enum service s = service_by(&workers[i], queue, job_class);

        if (s == SERVED)
            return SERVED;
        found = s > found ? s : found;
    }
    return found;
}

/* One of another program does not tell how many jobs it runs: it may have room. */
static bool is_busy(const struct worker_view *w)
{
    return w->capacity > 0 && w->running >= w->capacity;
}

struct takers takers_of(const struct worker_view *workers, size_t count, const char *queue,
                        const char *job_class)
{
    struct takers t = {.are_busy = false};

    for (size_t i = 0; i < count; i++) {
        const struct worker_view *w = &workers[i];

        if (service_by(w, queue, job_class) != SERVED)
            continue;
        t.are_busy = is_busy(w) && (t.are_busy || t.workers == 0);
        t.workers++;
        t.runners += w->capacity;
    }
    return t;
}

/* The entry that this row belongs to: one for each queue, or for each class that nobody has. */
static struct unserved *entry_for(struct unserved *entries, size_t *count, enum service lacks,
                                  const struct waiting *row)
{
    for (size_t i = 0; i < *count; i++) {
        struct unserved *u = &entries[i];

        if (strcmp(u->queue, row->queue) == 0 &&
            (lacks != NO_CLASS || strcmp(u->job_class, row->job_class) == 0))
            return u;
    }
    entries[*count] = (struct unserved){.lacks = lacks,
                                        .queue = row->queue,
                                        .job_class = row->job_class,
                                        .due_at = row->due_at,
                                        .source = row->source};
    return &entries[(*count)++];
}

/* NULL: none. */
static const struct pause *pause_of(const struct pause *pauses, size_t count,
                                    const struct waiting *row)
{
    const struct pause *p = pause_find(pauses, count, PAUSE_QUEUE, row->queue);

    return p ? p : pause_find(pauses, count, PAUSE_CLASS, row->job_class);
}

int unserved_find(struct store *s, const struct worker_view *workers, size_t worker_count,
                  struct arena *a, struct unserved **out, size_t *count, plain_error *err)
{
    struct waiting *rows = NULL;
    struct pause *pauses = NULL;
    size_t row_count = 0, pause_count = 0;
    int r = s->ops->waiting(s, a, &rows, &row_count, err);

    *count = 0;
    if (r == PLAIN_OK)
        r = s->ops->pauses(s, a, &pauses, &pause_count, err);
    if (r < 0)
        return r;
    *out = arena_array(a, row_count + 1, sizeof(**out));
    if (!*out)
        return error_nomem(err);
    for (size_t i = 0; i < row_count; i++) {
        const struct waiting *row = &rows[i];
        enum service lacks = service_of(workers, worker_count, row->queue, row->job_class);

        if (lacks == SERVED || pause_of(pauses, pause_count, row))
            continue;
        struct unserved *u = entry_for(*out, count, lacks, row);
        u->count += row->count;
        u->due_at = row->due_at < u->due_at ? row->due_at : u->due_at;
    }
    return PLAIN_OK;
}

/* Where nothing is paused no job is looked at. */
int paused_find(struct store *s, const struct worker_view *w, struct arena *a,
                struct pause **pauses, int64_t **jobs, size_t *count, plain_error *err)
{
    struct waiting *rows = NULL;
    size_t row_count = 0;
    int r = s->ops->pauses(s, a, pauses, count, err);

    if (r == PLAIN_OK && *count > 0)
        r = s->ops->waiting(s, a, &rows, &row_count, err);
    if (r < 0)
        return r;
    *jobs = arena_array(a, *count + 1, sizeof(**jobs));
    if (!*jobs)
        return error_nomem(err);
    for (size_t i = 0; i < row_count; i++) {
        const struct pause *p = pause_of(*pauses, *count, &rows[i]);

        if (p && service_of(w, 1, rows[i].queue, rows[i].job_class) == SERVED)
            (*jobs)[p - *pauses] += rows[i].count;
    }
    return PLAIN_OK;
}

void unserved_put_message(struct buf *b, const struct unserved *u)
{
    bool one = u->count == 1;

    buf_putf(b, "%lld job%s", (long long)u->count, one ? "" : "s");
    if (u->lacks == NO_CLASS)
        buf_putf(b, " of class %s", u->job_class);
    buf_putf(b, " wait%s in queue %s, and ", one ? "s" : "", u->queue);
    if (u->lacks == NO_WORKER)
        buf_puts(b, "no worker is running that takes new jobs");
    else if (u->lacks == NO_QUEUE)
        buf_puts(b, "no worker works for it");
    else
        buf_puts(b, "no worker there has it");
}

static void put_worker_command(struct buf *b, const char *queue)
{
    struct arena a = ARENA_INIT;

    buf_putf(b, "start one: `plain jobs worker --queue %s`", shell_word(&a, queue));
    arena_release(&a);
}

void unserved_put_fix(struct buf *b, const struct unserved *u)
{
    if (u->lacks == NO_CLASS)
        buf_puts(b, "start a worker whose modules have the class; `plain jobs list` shows those of "
                    "this folder");
    else
        put_worker_command(b, u->queue);
}

/* Anybody may name a queue: a command that is copied from here must not be another. */
const char *shell_word(struct arena *a, const char *text)
{
    static const char harmless[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:-";
    struct buf b = BUF_INIT(WORD_MAX);

    if (text[0] && text[0] != '-' && strspn(text, harmless) == strlen(text))
        return text;
    buf_putc(&b, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            buf_puts(&b, "'\\''");
        else
            buf_putc(&b, *text);
    }
    buf_putc(&b, '\'');
    const char *word = arena_strdup(a, b.data);
    buf_release(&b);
    return word ? word : "";
}
