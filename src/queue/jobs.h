/*
 * jobs.h - the handle behind plain_jobs, for the parts of this program that enqueue or look
 *
 * A handle is a URL and a few connections, made when a thread needs one and none is idle: one for a
 * database that has a single writer, else up to JOBS_STORES_MAX. Who finds all of them in use
 * waits.
 */
#ifndef PLAIN_QUEUE_JOBS_H
#define PLAIN_QUEUE_JOBS_H

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#include "base/compiler.h"
#include "store/store.h"

enum { JOBS_STORES_MAX = 8 };

typedef int jobs_open_store(const char *url, unsigned flags, struct store **out, plain_error *err);

/* Opens a handle whose stores come from `open`, which is store_open but in tests. flags are those
 * of enum store_open_flags. Connects once and looks at the schema. url NULL: DATABASE_URL of the
 * environment, else "sqlite:plain.db". */
int jobs_open_with(jobs_open_store *open, const char *url, unsigned flags, plain_jobs **out,
                   plain_error *err) PLAIN_MUST_USE;
int jobs_open(const char *url, unsigned flags, plain_jobs **out, plain_error *err) PLAIN_MUST_USE;

/* Opens a handle whose only store is this one, which it then owns. On an error it does not. */
int jobs_open_around(struct store *store, plain_jobs **out, plain_error *err) PLAIN_MUST_USE;

/* Borrows a store for some calls of this thread; to be given back. PLAIN_E_FORKED in a child,
 * PLAIN_E_REFUSED inside of a should_enqueue. */
int jobs_take_store(plain_jobs *jobs, struct store **out, plain_error *err) PLAIN_MUST_USE;
void jobs_give_store(plain_jobs *jobs, struct store *store);

/* What plain_run_in_worker_json and _by_name do: cls NULL is a class that is not known here, or an
 * executable. A class has been checked before. */
int jobs_enqueue_json(plain_jobs *jobs, const plain_job_class *cls, const char *name,
                      const char *json, const plain_options *options, plain_request *request,
                      plain_error *err) PLAIN_MUST_USE;

/* What plain_run_many does: cls NULL is a class that is not known here, or an executable, and every
 * item is JSON. */
int jobs_run_many(plain_jobs *jobs, const plain_job_class *cls, const char *name,
                  const plain_item *items, size_t count, plain_request *results, size_t *enqueued,
                  plain_error *err) PLAIN_MUST_USE;

#endif
