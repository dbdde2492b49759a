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

#endif
