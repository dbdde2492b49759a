/*
 * middleware.h - a chain of middleware around a job
 */
#ifndef PLAIN_CORE_MIDDLEWARE_H
#define PLAIN_CORE_MIDDLEWARE_H

#include <stddef.h>

#include <plain/jobs/error.h>
#include <plain/jobs/middleware.h>

#include "base/compiler.h"
#include "core/job.h"

/* The outermost first. */
struct middleware_chain {
    const plain_middleware *const *items;
    size_t count;
};

/* PJ702 for a size of another version, PJ110 for a bad name or no run. */
int middleware_check(const plain_middleware *m, plain_error *err) PLAIN_MUST_USE;

/* Runs job(context) inside of the chain. What any of them returns is settled (see job_settle)
 * before the next one around it sees it; so is the value that comes out. */
int middleware_run(const struct middleware_chain *chain, plain_job *job,
                   int run(plain_job *job, void *context), void *context) PLAIN_MUST_USE;

/* The library's own: AppLoggerMiddleware. */
extern const plain_middleware middleware_app_logger;

#endif
