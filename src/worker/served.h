/*
 * served.h - the queues that a worker claims from
 *
 * Without a pattern they are those of its command line. With one (`mail*`, `*`) they are what
 * matches among the queues that have requests: a claim walks the index once for each of them, so
 * names without requests are left out, and what matches is looked up before a claim, but not before
 * each: while claims are full there is work enough, and SERVED_AGE_MS later is soon enough.
 *
 * At most SERVED_MAX queues are looked at together. Where there are more, each look goes on behind
 * the last, and begins again behind the end: every queue has its turn.
 */
#ifndef PLAIN_WORKER_SERVED_H
#define PLAIN_WORKER_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "store/store.h"

enum { SERVED_MAX = 1000, SERVED_AGE_MS = 500 };

struct served {
    const char *const *names; /* to claim from now */
    size_t count;

    const char *const *patterns; /* as they were given */
    size_t pattern_count;
    bool is_open; /* there is a pattern among them */
    bool stale;   /* to be looked up before the next claim, however young */
    int64_t read_us;
    char after[256]; /* where the next look begins; "": at the first queue */
    struct arena arena;
};

/* patterns are kept. */
void served_init(struct served *s, const char *const *patterns, size_t count);
void served_release(struct served *s);

/* Before a claim: makes names fit. On an error there are none, and the next call tries again. */
int served_refresh(struct served *s, struct store *store, plain_error *err) PLAIN_MUST_USE;
/* Whether there are queues behind those of the last look. */
bool served_has_more(const struct served *s);
/* After a claim: whether it found as many jobs as it wanted. */
void served_note(struct served *s, bool full);

#endif
