/*
 * request.h - from a class, parameters and options to a request that a store can insert
 */
#ifndef PLAIN_QUEUE_REQUEST_H
#define PLAIN_QUEUE_REQUEST_H

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#include "base/compiler.h"
#include "store/store.h"

/* What a call that is given a class begins with. */
int request_check_class(const plain_job_class *cls, plain_error *err) PLAIN_MUST_USE;

struct enqueue_values;

/* The request of decided values; texts are borrowed. stored: the parameters as they are stored. */
struct new_request request_of(const char *job_class, const char *stored,
                              const struct enqueue_values *values);

/*
 * What the second of two tries tells, r being what the store answered it. The first one broke off,
 * and may still be on its way to its commit: an error of the second, which may have waited for it
 * in vain, says nothing about it, so any is PLAIN_E_UNREACHABLE, with the words of the error.
 */
int request_told_again(int r, plain_error *err) PLAIN_MUST_USE;

#endif
