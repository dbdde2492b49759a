/*
 * frame.h - what worker and runner say to each other
 *
 * A frame is a header (payload length, kind) and a payload of fields in the order that the structs
 * below name them. Both ends are the same program on the same machine, so numbers travel as they
 * are; but a job may write anything into its runner's channel, so the worker checks every length,
 * and a frame that is not well-formed closes the channel.
 *
 * worker -> runner
 *   JOB    run this; seq rises by one for every item that is handed to a runner
 *   ASK    what is the retry delay of this job that another runner died of?
 *   HOOK   call on_aborted for this attempt; told by DONE like a success
 * runner -> worker
 *   CLASS  one name that this runner can run (an alias is a name of its own)
 *   READY  all classes were described
 *   FAILED a module cannot be used; the runner ends
 *   DONE   every job up to seq of which nothing else was told was SUCCESSFUL; see the page
 *   END    this job ended in another way
 *   SKIP   this job was revoked before it was entered
 *   DELAY  answer to ASK
 *   OUTPUT what a job wrote, as far as the worker had not read it itself when the job ended
 *   LOG    a record for the worker's log
 *   LEAVE  a job closed a descriptor that the next one needs, but not this channel; the runner ends
 *
 * Successes are told in bulk: see progress.h.
 */
#ifndef PLAIN_CHANNEL_FRAME_H
#define PLAIN_CHANNEL_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/error.h>
#include <plain/jobs/uuid.h>

#include "base/buf.h"
#include "base/log.h"
#include "channel/progress.h"

enum frame_kind {
    FRAME_JOB = 1,
    FRAME_ASK,
    FRAME_CLASS,
    FRAME_READY,
    FRAME_FAILED,
    FRAME_DONE,
    FRAME_END,
    FRAME_SKIP,
    FRAME_DELAY,
    FRAME_HOOK,
    FRAME_OUTPUT,
    FRAME_LOG,
    FRAME_LEAVE,
    FRAME_LAST = FRAME_LEAVE
};

/* A JOB, and an ASK. Texts are never NULL but parameters. */
struct frame_job {
    uint64_t seq;
    plain_uuid token, request_uuid, root_uuid;
    int32_t priority, retries, retry_attempt, run_no;
    const char *job_class, *parameters, *queue, *concurrency_key, *source;
};

struct frame_class {
    const char *name, *doc, *origin;
    bool has_retry_delay; /* it calculates its own */
    bool has_on_aborted;
    bool is_executable;
    bool has_schedule;                  /* of its own */
    int64_t timeout_ms;                 /* 0: none */
    int64_t memory_limit, cpu_limit_ms; /* likewise */
};

/* A HOOK: the attempt, and how it ended. */
struct frame_hook {
    struct frame_job job;
    const char *status, *error_type, *error_message;
    bool will_retry;
};

enum end_kind { END_FAILED, END_DEFERRED, END_LOST };

struct frame_end {
    uint64_t seq;
    int32_t kind;                 /* enum end_kind */
    int64_t started_us, ended_us; /* clock_mono_us() */
    int64_t cpu_us, max_rss_kb;
    int64_t delay_ms;                               /* of the retry, or of the deferral */
    int32_t increment_retries;                      /* deferral */
    int32_t exit_code, exit_signal;                 /* of an executable; -1: none */
    const char *error_type, *error_message, *error; /* "" for none */
};

struct frame_delay {
    uint64_t seq;
    int64_t delay_ms;
};

/* An OUTPUT. Any bytes. */
struct frame_output {
    uint64_t seq; /* 0: of no job */
    const char *bytes;
    size_t size;
};

/* A LOG. Texts are cut at LOG_TEXT_MAX bytes when they are sent. */
struct frame_log {
    uint64_t seq;  /* 0: of no job */
    int32_t level; /* enum log_level */
    const char *event;
    struct log_pair pairs[LOG_PAIRS_MAX];
    size_t count;
};

/* Appends one frame to b. */
void frame_put_job(struct buf *b, enum frame_kind kind, const struct frame_job *f);
void frame_put_hook(struct buf *b, const struct frame_hook *f);
void frame_put_class(struct buf *b, const struct frame_class *f);
void frame_put_end(struct buf *b, const struct frame_end *f);
void frame_put_delay(struct buf *b, const struct frame_delay *f);
/* READY, DONE, SKIP, LEAVE */
void frame_put_seq(struct buf *b, enum frame_kind kind, uint64_t seq);
void frame_put_output(struct buf *b, const struct frame_output *f);
void frame_put_log(struct buf *b, const struct frame_log *f);
void frame_put_failed(struct buf *b, const plain_error *err);

/* One received frame: payload points into the channel's buffer until the next read. */
struct frame {
    enum frame_kind kind;
    const char *payload;
    size_t length;
};

/* Each is false when the payload is not well-formed. Texts point into the payload. */
bool frame_get_job(const struct frame *f, struct frame_job *out);
bool frame_get_hook(const struct frame *f, struct frame_hook *out);
bool frame_get_class(const struct frame *f, struct frame_class *out);
bool frame_get_end(const struct frame *f, struct frame_end *out);
/* An end that a page of progress notes: what its frame says (header and payload, as in the page),
 * or without its words when that was overwritten (frame NULL). */
struct frame_end frame_end_noted(const char *frame, size_t length, const struct progress_how *how,
                                 const struct progress_times *times);
bool frame_get_delay(const struct frame *f, struct frame_delay *out);
bool frame_get_seq(const struct frame *f, uint64_t *seq);
bool frame_get_output(const struct frame *f, struct frame_output *out);
bool frame_get_log(const struct frame *f, struct frame_log *out);
bool frame_get_failed(const struct frame *f, plain_error *err);

#endif
