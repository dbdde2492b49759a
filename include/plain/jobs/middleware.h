/*
 * plain/jobs/middleware.h - what stands around every job of a worker
 *
 *     static int timing_run(plain_job *job, plain_next *next, void *user)
 *     {
 *         time_t start = time(NULL);
 *         int result = plain_next_run(next);
 *
 *         (void)user;
 *         plain_job_log(job, PLAIN_LOG_INFO, "%s took %.0f s", plain_job_status(job),
 *                       difftime(time(NULL), start));
 *         return result;
 *     }
 *
 *     const plain_middleware TimingMiddleware = {
 *         PLAIN_MIDDLEWARE,
 *         .name = "TimingMiddleware",
 *         .run = timing_run,
 *     };
 *
 *     PLAIN_REGISTER(PLAIN_JOBS(&WelcomeUserJob), PLAIN_MIDDLEWARES(&TimingMiddleware));
 *
 * A module offers middleware, the setting JOBS_MIDDLEWARE says which are used and in which order,
 * the outermost first: `jobs_middleware = {"AppLoggerMiddleware", "TimingMiddleware"}`. A name that
 * nobody offers stops the worker at its start (PJ111). AppLoggerMiddleware is the library's own: it
 * adds job_request_uuid and job_process_uuid to every line that the job logs.
 *
 * Middleware runs in the runner, in the thread that runs the job, around C classes, executables and
 * `plain jobs run` alike. What it returns is the attempt's end, as if run had returned it: the
 * value of plain_next_run, PLAIN_OK, or that of plain_job_fail or plain_job_defer. So it can change
 * a result, and refuse to run by not calling plain_next_run at all. An attempt whose process dies
 * never comes back to it.
 */
#ifndef PLAIN_JOBS_MIDDLEWARE_H
#define PLAIN_JOBS_MIDDLEWARE_H

#include <stddef.h>

#include <plain/jobs/class.h>
#include <plain/jobs/compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is inside of a middleware: the next one, or the job. Lives for the call. */
typedef struct plain_next plain_next;

/* Runs it and returns how it ended: PLAIN_OK, or a value that the middleware can return in its turn
 * and that plain_job_status(), plain_job_error_type() and plain_job_error_message() tell more of. A
 * job runs once an attempt: a second call runs nothing and is the failure "RunTwice". */
PLAIN_EXPORT PLAIN_MUST_USE int plain_next_run(plain_next *next);

typedef int plain_middleware_fn(plain_job *job, plain_next *next, void *user);

/* A constant of the program, as a class is: never copied. */
struct plain_middleware {
    size_t size;      /* filled by PLAIN_MIDDLEWARE */
    const char *name; /* 1 to 255 bytes of UTF-8 without control characters; unique */
    plain_middleware_fn *run;
    void *user; /* yours: run's third argument */
};

#define PLAIN_MIDDLEWARE .size = sizeof(plain_middleware)

#ifndef __cplusplus
/* Defines plain_module_v1, once in a module, of the parts that are given. */
#define PLAIN_REGISTER(...)                                                                        \
    PLAIN_EXPORT extern const plain_module plain_module_v1;                                        \
    const plain_module plain_module_v1 = {                                                         \
        .size = sizeof(plain_module), .abi = PLAIN_MODULE_ABI, __VA_ARGS__}

/* Parts: the classes, and the middleware, whose addresses are given. */
#define PLAIN_JOBS(...)                                                                            \
    .jobs = (const plain_job_class *const[])                                                       \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#define PLAIN_MIDDLEWARES(...)                                                                     \
    .middleware = (const plain_middleware *const[])                                                \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }
#endif

#ifdef __cplusplus
}
#endif

#endif
