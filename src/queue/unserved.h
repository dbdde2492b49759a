/*
 * unserved.h - jobs that wait and that no living worker takes (PJ204)
 *
 * Either nobody works for their queue, or nobody who does has their class. They stay queued. What
 * is paused is meant to wait and is left out; paused_find() finds that. Of a job that is taken
 * takers_of() says by whom.
 */
#ifndef PLAIN_QUEUE_UNSERVED_H
#define PLAIN_QUEUE_UNSERVED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/store.h"

/* From NO_WORKER on in order: the later, the less is missing. */
enum service {
    SERVED,
    NO_WORKER, /* none lives and takes jobs */
    NO_QUEUE,  /* none of them works for the queue */
    NO_CLASS   /* none of those that do has the class */
};

/* What workers do for a job. */
enum service service_of(const struct worker_view *workers, size_t count, const char *queue,
                        const char *job_class);

/* The workers that would take a job. */
struct takers {
    int64_t workers;
    int64_t runners; /* of all of them, when are_busy */
    bool are_busy;   /* each runs or holds as many jobs as it has runners */
};

struct takers takers_of(const struct worker_view *workers, size_t count, const char *queue,
                        const char *job_class);

struct unserved {
    enum service lacks;
    const char *queue;
    const char *job_class; /* of NO_CLASS; else one of those that wait */
    int64_t count;         /* at least */
    int64_t due_at;        /* the earliest */
    const char *source;    /* where one of them was enqueued */
};

/* What waits and is due now, and that none of these workers takes. */
int unserved_find(struct store *s, const struct worker_view *workers, size_t worker_count,
                  struct arena *a, struct unserved **out, size_t *count,
                  plain_error *err) PLAIN_MUST_USE;

/* Every pause, and how many jobs that are due now it keeps from this worker: (*jobs)[i] or more. */
int paused_find(struct store *s, const struct worker_view *w, struct arena *a,
                struct pause **pauses, int64_t **jobs, size_t *count,
                plain_error *err) PLAIN_MUST_USE;

/* "12 jobs wait in queue mail, and no worker works for it", and a command that helps. */
void unserved_put_message(struct buf *b, const struct unserved *u);
void unserved_put_fix(struct buf *b, const struct unserved *u);

/* A text as one word for a shell, quoted when it has to be; "" when memory is out. */
const char *shell_word(struct arena *a, const char *text);

#endif
