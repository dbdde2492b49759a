#include "core/middleware.h"

#include "base/error.h"
#include "core/adopt.h"
#include "core/class.h"

/* The job, at the heart of a chain. */
struct heart {
    int (*run)(plain_job *job, void *context);
    void *context;
};

struct plain_next {
    const struct middleware_chain *chain;
    size_t at; /* the one to be run; the chain's count: the heart */
    const struct heart *heart;
    plain_job *job;
    bool called;
};

int middleware_check(const plain_middleware *m, plain_error *err)
{
    plain_middleware known;
    int r =
        struct_adopt("the middleware", "PLAIN_MIDDLEWARE", &known, sizeof(known), m, m->size, err);

    if (r < 0)
        return r;
    const char *fault = known.name ? class_text_fault(known.name, false) : "is missing";
    if (fault)
        return error_set(err, PLAIN_E_INVALID, 110, "name", "a middleware's name %s", fault);
    if (!known.run)
        return error_set(err, PLAIN_E_INVALID, 110, "run", "middleware '%s' has no run",
                         known.name);
    return PLAIN_OK;
}

int plain_next_run(plain_next *next)
{
    plain_job *job = next->job;

    if (next->called) {
        job_set_failed(job, "RunTwice", NULL, 0, "plain_next_run was called twice", "");
        return JOB_RETURN_FAILED;
    }
    next->called = true;
    if (next->at == next->chain->count)
        return job_settle(job, next->heart->run(job, next->heart->context), "run");
    const plain_middleware *m = next->chain->items[next->at];
    plain_next inner = *next;
    inner.at++;
    inner.called = false;
    return job_settle(job, m->run(job, &inner, m->user), m->name);
}

int middleware_run(const struct middleware_chain *chain, plain_job *job,
                   int run(plain_job *job, void *context), void *context)
{
    const struct heart heart = {run, context};
    plain_next outermost = {.chain = chain, .heart = &heart, .job = job};

    return plain_next_run(&outermost);
}

static int log_with_ids(plain_job *job, plain_next *next, void *user)
{
    (void)user;
    job->logs_ids = true;
    int value = plain_next_run(next);
    job->logs_ids = false;
    return value;
}

const plain_middleware middleware_app_logger = {
    PLAIN_MIDDLEWARE,
    .name = "AppLoggerMiddleware",
    .run = log_with_ids,
};
