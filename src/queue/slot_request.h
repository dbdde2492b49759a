/*
 * slot_request.h - the job of a schedule as a request that a store can insert
 *
 * Every function of the class but its should_enqueue is asked here, before any transaction.
 */
#ifndef PLAIN_QUEUE_SLOT_REQUEST_H
#define PLAIN_QUEUE_SLOT_REQUEST_H

#include "base/buf.h"
#include "core/class.h"
#include "queue/rule.h"
#include "queue/schedules.h"
#include "store/store.h"

struct slot_request {
    struct slot_job job; /* what the store takes: points into the rest */
    struct new_request request;
    struct enqueue_values values;
    struct rule rule;
    struct rule_question question;
    struct buf stored;
    struct arena arena;
};

/* slot_at: STORE_NO_TIME for one by hand. To be released in any case. err is kept for the rule. */
int slot_request_make(const struct schedule *s, int64_t slot_at, struct slot_request *out,
                      plain_error *err) PLAIN_MUST_USE;
void slot_request_release(struct slot_request *r);

#endif
