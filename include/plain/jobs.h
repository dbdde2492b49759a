/*
 * plain/jobs.h - durable background jobs in the application's own database
 *
 * The one header to include. Its parts, each with its contract:
 *
 *     jobs/error.h    results and plain_error
 *     jobs/uuid.h     identifiers
 *     jobs/params.h   parameters of a job
 *     jobs/class.h    job classes and their registration
 *     jobs/queue.h    open, enqueue, complete
 *     jobs/operators.h cancel, retry, delete, pause, resume, quiet, stop
 *     jobs/job.h      what a running job can ask and say
 *     jobs/middleware.h what stands around every job
 *     jobs/schedule.h cron schedules
 *
 * Link with `pkg-config --libs plain-jobs`. A program that is its own worker also includes
 * plain/jobs/main.h and links plain-jobs-main.
 */
#ifndef PLAIN_JOBS_H
#define PLAIN_JOBS_H

#include <plain/jobs/class.h>
#include <plain/jobs/compiler.h>
#include <plain/jobs/error.h>
#include <plain/jobs/job.h>
#include <plain/jobs/middleware.h>
#include <plain/jobs/operators.h>
#include <plain/jobs/params.h>
#include <plain/jobs/queue.h>
#include <plain/jobs/schedule.h>
#include <plain/jobs/uuid.h>

#endif
