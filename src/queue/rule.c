#include "queue/rule.h"

#include <stdio.h>

#include "base/error.h"
#include "base/text.h"
#include "core/adopt.h"
#include "core/class.h"
#include "core/job.h"

static _Thread_local bool is_asking;

bool rule_is_asking(void)
{
    return is_asking;
}

/* A class of an older program ends before should_enqueue: it has none. */
static int known_class(const plain_job_class *cls, plain_job_class *out, plain_error *err)
{
    return struct_adopt("the job class", "PLAIN_JOB_CLASS(struct ...)", out, sizeof(*out), cls,
                        cls->size, err);
}

int rule_exists(const plain_job_class *cls, bool *out, plain_error *err)
{
    plain_job_class known;
    int r = known_class(cls, &known, err);

    *out = r == PLAIN_OK && known.should_enqueue;
    return r;
}

static int name_lock(const plain_job_class *known, struct rule *rule, plain_error *err)
{
    if (!known->enqueue_lock) {
        (void)snprintf(rule->lock, sizeof(rule->lock), "%s::%s", known->name, rule->key);
        return PLAIN_OK;
    }
    int n = known->enqueue_lock(rule->self, rule->params, rule->lock, PLAIN_NAME_MAX + 1);
    if (n < 0 || n > PLAIN_NAME_MAX)
        return error_set(err, PLAIN_E_INVALID, 105, "enqueue_lock",
                         "enqueue_lock of job class '%s' returned %d", known->name, n);
    rule->lock[n] = '\0';
    return class_check_text("enqueue_lock", rule->lock, false, err);
}

int rule_of(const plain_job_class *cls, const void *params, const char *key, struct rule *out,
            plain_error *err)
{
    plain_job_class known;

    *out = (struct rule){.params = params, .key = key};
    if (!cls)
        return PLAIN_OK;
    int r = known_class(cls, &known, err);
    if (r < 0 || !known.should_enqueue)
        return r;
    out->self = cls;
    out->should_enqueue = known.should_enqueue;
    out->job_class = known.name;
    return name_lock(&known, out, err);
}

/* What the rule says, where a failed count is more than its answer: it may not have looked. */
static int judge(const struct plain_enqueue_tx *tx, int answer, plain_error *err)
{
    if (tx->failed < 0) {
        if (err)
            *err = tx->error;
        return tx->failed;
    }
    if (answer < 0 || answer > 1)
        return error_set(err, PLAIN_E_INVALID, 105, "should_enqueue",
                         "should_enqueue of job class '%s' returned %d, not 1 or 0",
                         tx->rule->job_class, answer);
    return answer;
}

int rule_ask(struct store_tx *store_tx, void *user)
{
    struct rule_question *q = user;
    const struct rule *rule = q->tx.rule;

    q->tx.store_tx = store_tx;
    q->tx.failed = PLAIN_OK;
    is_asking = true;
    int answer = rule->should_enqueue(rule->self, &q->tx, rule->params, rule->key);
    is_asking = false;
    return judge(&q->tx, answer, q->err);
}

int rule_enqueue(const struct rule *rule, struct store *store, const struct new_request *r,
                 plain_request *out, plain_error *err)
{
    struct rule_question q = {.tx.rule = rule, .err = err};

    return store->ops->enqueue_ruled(store, r, rule->lock, rule_ask, &q, out, err);
}

static int64_t count(plain_enqueue_tx *tx, enum job_table table, const char *key, unsigned flags)
{
    struct store *store = tx->store_tx->store;
    int64_t n = 0;
    plain_error own;
    int r;

    if (flags & ~(unsigned)(PLAIN_COUNT_RETRIES | PLAIN_COUNT_SELF))
        r = error_set(&own, PLAIN_E_INVALID, 105, "flags",
                      "the flags of a count are none that this library knows: %#x", flags);
    else
        r = class_check_text("key", key ? key : "", true, &own);
    if (r == PLAIN_OK)
        r = store->ops->count(tx->store_tx, table, tx->rule->job_class, key ? key : "", flags,
                              job_current(), &n, &own);
    if (r < 0 && tx->failed == PLAIN_OK) {
        tx->failed = r;
        tx->error = own;
    }
    return r < 0 ? r : n;
}

int64_t plain_count_requested(plain_enqueue_tx *tx, const char *key, unsigned flags)
{
    return count(tx, TABLE_REQUEST, key, flags);
}

int64_t plain_count_processing(plain_enqueue_tx *tx, const char *key, unsigned flags)
{
    return count(tx, TABLE_PROCESS, key, flags);
}
