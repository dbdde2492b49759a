/*
 * worker.h - `plain jobs worker`: claims jobs and has runners run them
 *
 * See ARCHITECTURE.md for the processes and threads. Installs handlers for SIGTERM and SIGINT
 * (graceful: unstarted claims go back to the queue, running jobs finish; a second one puts those
 * back too) while it runs.
 */
#ifndef PLAIN_WORKER_WORKER_H
#define PLAIN_WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

struct worker_options {
    const char *url;
    const char *const *queues;
    size_t queue_count;
    const char *const *module_paths; /* see module_paths() */
    size_t module_count;
    int max_processes;            /* 1 to 1024 */
    int64_t max_jobs_per_process; /* 0: never recycle */
    int64_t max_rss_kb;           /* 0: never recycle for it */
    int max_pending_per_process;  /* -1: automatic */
    int64_t start_ahead_ms;       /* 0: never ahead */
    int64_t stats_every_ms;       /* 0: none */
    int64_t heartbeat_interval_ms;
    int64_t retention_ms;      /* of results; 0: for ever */
    int64_t lease_ms;          /* at least three intervals */
    int max_crashes;           /* deaths of its process after which a job is not retried */
    int64_t timeout_ms;        /* of every job; 0: none */
    int64_t stop_grace_ms;     /* of a job that is to stop: once when asked, once after SIGTERM */
    int64_t shutdown_grace_ms; /* of running jobs when the worker is to stop; 0: no limit */
    bool drain;                /* stop when the queues hold nothing that is due */
    bool bare_output;          /* what jobs write goes to stdout, instead of into the log */
    bool has_own_module;       /* the program's own module counts as one */
    int ready_fd; /* a byte goes there when jobs can be taken, and it is closed; 0: none */
};

/* Runs until it is told to stop (PLAIN_OK), is drained (PLAIN_OK) or cannot go on. A SQLite
 * database that does not exist is made and migrated; any other must have the schema (PJ302). */
int worker_run(const struct worker_options *options, plain_error *err);

#endif
