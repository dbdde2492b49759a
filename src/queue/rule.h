/*
 * rule.h - a class's own should_enqueue
 *
 * Its functions are found and its lock is named before a store is taken; the rule itself is asked
 * by the store, under the lock and inside of the transaction. While it is, the thread holds a
 * connection, so enqueueing from within a rule is refused.
 */
#ifndef PLAIN_QUEUE_RULE_H
#define PLAIN_QUEUE_RULE_H

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#include "base/compiler.h"
#include "store/store.h"

/* "class::key", or what enqueue_lock writes. */
enum { RULE_LOCK_MAX = 2 * PLAIN_NAME_MAX + 2 };

struct rule {
    const plain_job_class *self; /* NULL: the class has no rule */
    plain_should_enqueue_fn *should_enqueue;
    const void *params;
    const char *job_class; /* whose rows are counted */
    const char *key;
    char lock[RULE_LOCK_MAX + 1];
};

/* What a rule can ask, and the question to one, for rule_ask(). */
struct plain_enqueue_tx {
    struct store_tx *store_tx;
    const struct rule *rule;
    int failed;        /* of the first count that failed; PLAIN_OK: none did */
    plain_error error; /* why */
};

struct rule_question {
    struct plain_enqueue_tx tx;
    plain_error *err;
};

/* For the store's enqueue_ruled and slot_job: user is a struct rule_question with tx.rule and err.
 */
int rule_ask(struct store_tx *store_tx, void *user);

/* The rule of a class, or of none when cls is NULL. key is borrowed for the life of *out. */
int rule_of(const plain_job_class *cls, const void *params, const char *key, struct rule *out,
            plain_error *err) PLAIN_MUST_USE;
/* Whether the class has one. */
int rule_exists(const plain_job_class *cls, bool *out, plain_error *err) PLAIN_MUST_USE;

/* Inserts by the rule. */
int rule_enqueue(const struct rule *rule, struct store *store, const struct new_request *r,
                 plain_request *out, plain_error *err) PLAIN_MUST_USE;

/* Whether this thread is inside of a should_enqueue. */
bool rule_is_asking(void);

#endif
