#include "queue/slot_request.h"

#include <stdio.h>

#include "base/clock.h"
#include "core/params.h"
#include "queue/request.h"

/* "schedule nightly at 2026-11-28T02:30:00Z": a job can read its slot in it. */
static void put_source(const struct schedule *s, int64_t slot_at, char *out, size_t size)
{
    char at[CLOCK_TEXT_SIZE];

    if (slot_at == STORE_NO_TIME)
        (void)snprintf(out, size, "schedule %s by hand", s->name);
    else
        (void)snprintf(out, size, "schedule %s at %s", s->name, clock_format(slot_at, at));
}

int slot_request_make(const struct schedule *s, int64_t slot_at, struct slot_request *out,
                      plain_error *err)
{
    char source[2 * PLAIN_NAME_MAX];
    const plain_job_class *cls = s->entry->cls;
    const void *params = NULL;

    *out = (struct slot_request){.stored = BUF_INIT(PARAMS_BUF_MAX), .arena = ARENA_INIT};
    put_source(s, slot_at, source, sizeof(source));
    const plain_options options = {
        .size = sizeof(options),
        .queue = s->queue,
        .priority = s->priority,
        .retries = s->retries,
        .start_at = slot_at > 0 ? slot_at : 0,
        .source = source,
    };
    int r = params_from_json(cls, s->parameters, &out->stored, err);
    if (r == PLAIN_OK && cls)
        r = params_decode(cls, out->stored.data, &out->arena, &params, err);
    if (r == PLAIN_OK)
        r = class_decide(cls, params, &options, &out->values, err);
    if (r == PLAIN_OK)
        r = rule_of(cls, params, out->values.concurrency_key, &out->rule, err);
    if (r < 0)
        return r;
    out->request = request_of(out->rule.self ? out->rule.job_class : s->entry->name,
                              out->stored.data, &out->values);
    out->job = (struct slot_job){.request = &out->request};
    if (out->rule.self) {
        out->question = (struct rule_question){.tx.rule = &out->rule, .err = err};
        out->job.lock = out->rule.lock;
        out->job.rule = rule_ask;
        out->job.user = &out->question;
    }
    return PLAIN_OK;
}

void slot_request_release(struct slot_request *r)
{
    buf_release(&r->stored);
    arena_release(&r->arena);
}
