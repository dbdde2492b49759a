/*
 * life.c - what an end means
 *
 * Decides status and successor of an attempt and gives the end to orders.c. A successor stands in
 * the same transaction as the end, so there is never a failed attempt that some sweep must find.
 *
 *     SUCCESSFUL           no successor
 *     ERRORED, LOST        successor with retry_attempt + 1 while retries are left
 *     DEFERRED             successor with the same retry_attempt, or + 1 when it asked for that;
 * when none is left then ERRORED "RetriesExhausted"
 *     CANCELLED            no successor: what a person cancelled is not retried
 *
 * An attempt that was being stopped (stops.c) ended by the stop or by itself; of_stop() tells.
 */
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/fingerprint.h"
#include "core/job.h"
#include "worker/death.h"
#include "worker/state.h"

enum { LOST_ERROR_TYPE_SIZE = 16, CRASH_LIMIT_SIZE = 64 };

/* The texts of an end, in one piece of memory that the work owns. Clean, whatever the job sent. */
void life_texts(struct work *k, const char *type, const char *message, const char *error)
{
    const char *const sources[] = {type, message, error};
    const size_t limits[] = {JOB_ERROR_TYPE_MAX, JOB_ERROR_MAX, JOB_ERROR_MAX};
    char *parts[3] = {NULL, NULL, NULL};
    size_t sizes[3], total = FINGERPRINT_SIZE;

    for (int i = 0; i < 3; i++) {
        size_t n = strlen(sources[i]) * 3; /* an invalid byte becomes three */

        sizes[i] = (n > limits[i] ? limits[i] : n) + 1;
        total += sizes[i];
    }
    mem_free(k->texts);
    k->texts = mem_alloc(total);
    if (!k->texts) { /* the end itself must not be lost */
        k->end.error_type = "OutOfMemory";
        k->end.error_message = k->end.error = "the worker had no memory for the error's text";
        return;
    }
    char *at = k->texts + FINGERPRINT_SIZE;
    for (int i = 0; i < 3; i++) {
        parts[i] = at;
        (void)utf8_clean(at, sizes[i], sources[i], strlen(sources[i]));
        at += sizes[i];
    }
    k->end.fingerprint = fingerprint(k->claim->job_class, parts[0], parts[1], parts[2], k->texts);
    k->end.error_type = parts[0];
    k->end.error_message = parts[1];
    k->end.error = parts[2];
}

/* The times come from a page that a job can write to: whatever it says, an end is in order. */
void life_begin_end(const struct worker *w, struct work *k, enum job_status status, int runner_pid,
                    int64_t started_us, int64_t ended_us)
{
    int64_t now = clock_mono_us();

    if (w->clock.slack_us > 0 && !clocks_agree(&k->clock, &w->clock))
        k->clock = w->clock;
    if (ended_us <= 0 || ended_us > now)
        ended_us = now;
    if (started_us <= 0 || started_us > ended_us)
        started_us = ended_us;
    k->end = (struct job_end){
        .token = k->claim->token,
        .status = status,
        .started_at = started_us + k->clock.offset_us,
        .ended_at = ended_us + k->clock.offset_us,
        .error = "",
        .exit_code = -1,
        .exit_signal = -1,
        .crash_count = k->claim->crash_count,
        .lost_count = k->claim->lost_count,
        .runner_pid = runner_pid,
        .cpu_us = -1,
        .max_rss_kb = -1,
        .completing = k->completing || (k->noted && k->noted->completing != 0),
    };
}

static bool has_retries_left(const struct work *k)
{
    return k->claim->retry_attempt < k->claim->retries;
}

static void set_successor(struct work *k, int64_t delay_ms, int retry_attempt)
{
    int64_t limit = PLAIN_DELAY_MAX;
    int64_t delay = delay_ms < 0 ? 0 : delay_ms > limit ? limit : delay_ms;
    int64_t start = clock_add(k->end.ended_at, delay * US_PER_MS);

    if (delay > 0) /* never before its time; without a delay it is due in the same transaction */
        start = clock_add(start, k->clock.slack_us);

    k->end.successor = uuid_new();
    k->end.successor_start_at = start > CLOCK_MAX_US ? CLOCK_MAX_US : start;
    k->end.successor_retry_attempt = retry_attempt;
}

/* 0 when it never ran. */
static int64_t run_time(const struct job_end *e)
{
    return e->started_at == STORE_NO_TIME ? 0 : e->ended_at - e->started_at;
}

/* One line a job; a success that took no time is worth no more than a debug line. */
static void report(const struct worker *w, const struct work *k)
{
    char request[PLAIN_UUID_TEXT], token[PLAIN_UUID_TEXT], duration[32];
    const struct job_end *e = &k->end;
    bool good = e->status == JOB_SUCCESSFUL || e->status == JOB_DEFERRED;
    const char *bad = e->status == JOB_CANCELLED ? "Job cancelled" : "Job failed";
    int64_t took = run_time(e);

    (void)snprintf(duration, sizeof(duration), "%" PRId64 ".%06" PRId64, took / US_PER_S,
                   took % US_PER_S);
    log_event(good ? LOG_INFO : LOG_WARNING, good ? "Completed job" : bad,
              LOG_TEXT("status", job_status_names[e->status]),
              LOG_TEXT("job_class", k->claim->job_class),
              LOG_TEXT("job_request_uuid", plain_uuid_format(&k->claim->request_uuid, request)),
              LOG_TEXT("job_process_uuid", plain_uuid_format(&k->claim->token, token)),
              LOG_TEXT("job_queue", k->claim->queue), LOG_TEXT("job_duration", duration),
              LOG_TEXT("error", e->error_message ? e->error_message : ""),
              LOG_NUMBER("attempt", k->claim->retry_attempt + 1),
              LOG_NUMBER("retry", !uuid_is_zero(&e->successor)),
              LOG_NUMBER("worker_pid", w->identity.pid));
}

static bool is_aborted(enum job_status status)
{
    return status == JOB_LOST || status == JOB_CANCELLED;
}

void life_finish(struct worker *w, struct work *k)
{
    int64_t took = run_time(&k->end);

    const struct known_class *class = life_find_class(w, k->claim->job_class);

    k->end.output = k->output;
    /* A class that is not here may have one: some other worker knows. */
    k->end.wants_hook = k->end.status != JOB_SUCCESSFUL && (!class || class->has_on_aborted);
    if (k->end.wants_hook && is_aborted(k->end.status))
        w->hooks_at_us = 0;
    if (!k->rescued) {
        if (k->end.started_at != STORE_NO_TIME)
            w->average_us = w->average_us == 0 ? took + 1 : (w->average_us * 7 + took) / 8 + 1;
        w->completed++;
    }
    w->empty = false;
    report(w, k);
    work_list_push(&w->ended, k);
}

/* What follows a LOST attempt: its retry, after a delay that its class says when one is at hand. */
void life_go_on(struct worker *w, struct work *k, bool may_retry)
{
    const struct known_class *class = life_find_class(w, k->claim->job_class);

    if (!may_retry || !has_retries_left(k)) {
        life_finish(w, k);
    } else if (class && class->has_retry_delay && w->stop != STOP_NOW) {
        k->kind = WORK_ASK;
        k->why = WHY_NONE; /* what stopped the attempt is no reason to stop who is asked */
        work_list_push(&w->asking, k);
    } else {
        life_delay(w, k, 0);
    }
}

/* The end of an attempt that was stopped; life_begin_end() has filled in the rest. cause: how its
 * process ended, or what it said itself. */
static void end_stopped(struct worker *w, struct work *k, const char *cause)
{
    bool timed_out = k->why == WHY_TIMEOUT;
    const char *type = timed_out ? "Timeout" : "Cancelled";
    struct buf message = BUF_INIT(JOB_ERROR_MAX), error = BUF_INIT((size_t)2 * JOB_ERROR_MAX);

    if (timed_out)
        buf_putf(&message, "timed out after %.15g s", (double)k->limit_ms / MS_PER_S);
    else
        buf_puts(&message, "cancelled");
    buf_putf(&error, "%s: %s\n%s", type, message.data, cause);
    life_texts(k, type, buf_ok(&message) ? message.data : type, buf_ok(&error) ? error.data : type);
    buf_release(&message);
    buf_release(&error);
    k->end.status = timed_out ? JOB_LOST : JOB_CANCELLED;
    if (timed_out)
        life_go_on(w, k, true);
    else
        life_finish(w, k);
}

static void begin_unstarted(struct work *k, enum job_status status)
{
    k->end = (struct job_end){
        .token = k->claim->token,
        .status = status,
        .started_at = STORE_NO_TIME,
        .ended_at = clock_mono_us() + k->clock.offset_us,
        .exit_code = -1,
        .exit_signal = -1,
        .crash_count = k->claim->crash_count,
        .lost_count = k->claim->lost_count,
        .cpu_us = -1,
        .max_rss_kb = -1,
    };
}

void life_stopped_unstarted(struct worker *w, struct work *k)
{
    begin_unstarted(k, JOB_CANCELLED);
    life_texts(k, "Cancelled", "cancelled", "");
    life_finish(w, k);
}

void life_too_large(struct worker *w, struct work *k, size_t size, size_t most)
{
    char message[128];

    (void)snprintf(
        message, sizeof(message),
        "its parameters and other texts have %zu bytes: at most %zu can be handed to a runner",
        size, most);
    if (k->kind == WORK_HOOK) { /* or it would be looked at again for ever */
        log_event(LOG_ERROR, "Job.on_aborted not called",
                  LOG_TEXT("job_class", k->claim->job_class), LOG_TEXT("error", message));
        work_list_push(&w->hooked, k);
        return;
    }
    if (k->kind == WORK_ASK) { /* it was another worker's that did not start it */
        life_delay(w, k, 0);
        return;
    }
    begin_unstarted(k, JOB_ERRORED);
    life_texts(k, "InvalidParameters", message, message);
    if (has_retries_left(k))
        life_delay(w, k, 0);
    else
        life_finish(w, k);
}

/* Whether an attempt that ended at ended_us did so because it was stopped. good: it says that it
 * succeeded. One that was asked to end and never looked succeeded all the same. */
static bool of_stop(const struct runner *r, const struct work *k, int64_t ended_us, bool good)
{
    bool told = r->told_us > 0 && ended_us >= r->told_us;

    if (k->why == WHY_TIMEOUT)
        return ended_us >= k->stop_us;
    return k->why == WHY_CANCELLED && (!good || told || atomic_load(&r->progress->heard) == k->seq);
}

/* An attempt that the worker's own end cut short goes back to the queue if it may run twice; with
 * no retries it is lost, since what was entered is never started again. */
static bool put_back(struct worker *w, struct work *k)
{
    if (k->claim->retries <= 0) /* below: by SQL */
        return false;
    work_list_push(&w->returning, k);
    return true;
}

/* Whether the worker's own end was the cause of this one; what had failed before has failed. */
static bool of_shutdown(const struct work *k, const struct frame_end *f)
{
    return k->kind == WORK_JOB && k->why == WHY_SHUTDOWN && f->kind != END_DEFERRED &&
           f->ended_us >= k->stop_us;
}

/* An executable, or what it started, may have been killed for want of memory: that is no death of
 * the next job's. signal: that ended it; -1: none. */
static void settle_deaths(struct runner *r, const struct work *k, int signal)
{
    const struct known_class *class = life_find_class(r->worker, k->claim->job_class);

    if (class && class->is_executable)
        death_settle(r, signal == SIGKILL);
}

void life_succeeded(struct runner *r, struct work *k, const struct progress_times *times)
{
    r->failures = 0;
    if (k->kind == WORK_HOOK) {
        work_list_push(&r->worker->hooked, k);
        return;
    }
    settle_deaths(r, k, -1);
    life_begin_end(r->worker, k, JOB_SUCCESSFUL, r->pid, times->started_us, times->ended_us);
    k->end.cpu_us = times->cpu_us;
    k->end.max_rss_kb = times->max_rss_kb;
    runners_weigh(r, times->max_rss_kb);
    if (of_stop(r, k, times->ended_us, true))
        end_stopped(r->worker, k, "it ended after it was stopped, and said that it succeeded");
    else
        life_finish(r->worker, k);
}

static void end_deferred(struct work *k, const struct frame_end *f)
{
    char text[64];

    if (f->increment_retries && !has_retries_left(k)) {
        k->end.status = JOB_ERRORED;
        life_texts(k, "RetriesExhausted", "retries exhausted: deferred by the last attempt",
                   "RetriesExhausted: retries exhausted: deferred by the last attempt");
        return;
    }
    (void)snprintf(text, sizeof(text), "Deferred for %" PRId64 ".%03d seconds",
                   f->delay_ms / MS_PER_S, (int)(f->delay_ms % MS_PER_S));
    life_texts(k, "", "", text);
    k->end.error_type = k->end.error_message = k->end.fingerprint = NULL;
    set_successor(k, f->delay_ms, k->claim->retry_attempt + (f->increment_retries ? 1 : 0));
}

/* Counts that its process died. Whether it may be retried all the same; if not, limit says why. */
static bool count_crash(const struct worker *w, struct work *k, char limit[CRASH_LIMIT_SIZE])
{
    int crashes = k->claim->crash_count < INT_MAX ? k->claim->crash_count + 1 : INT_MAX;

    limit[0] = '\0';
    k->end.crash_count = crashes;
    if (crashes < w->options->max_crashes)
        return true;
    if (has_retries_left(k))
        (void)snprintf(limit, CRASH_LIMIT_SIZE, "; crash %d, JOBS_MAX_CRASHES: no retry", crashes);
    return false;
}

static void end_failed(struct worker *w, struct work *k, const struct frame_end *f)
{
    char limit[CRASH_LIMIT_SIZE] = "";
    struct buf message = BUF_INIT(JOB_ERROR_MAX);
    bool may_retry = f->kind != END_LOST || count_crash(w, k, limit);

    buf_putf(&message, "%s%s", f->error_message, limit);
    life_texts(k, f->error_type, buf_ok(&message) ? message.data : f->error_message, f->error);
    buf_release(&message);
    if (may_retry && has_retries_left(k))
        set_successor(k, f->delay_ms, k->claim->retry_attempt + 1);
}

/* The end that a frame tells, of an attempt that was not being stopped. */
static void end_by_frame(struct worker *w, struct work *k, const struct frame_end *f)
{
    if (f->kind == END_DEFERRED)
        end_deferred(k, f);
    else
        end_failed(w, k, f);
    life_finish(w, k);
}

static void begin_by_frame(const struct worker *w, struct work *k, int runner_pid,
                           const struct frame_end *f)
{
    static const enum job_status statuses[] = {
        [END_FAILED] = JOB_ERRORED, [END_DEFERRED] = JOB_DEFERRED, [END_LOST] = JOB_LOST};

    life_begin_end(w, k, statuses[f->kind], runner_pid, f->started_us, f->ended_us);
    k->end.cpu_us = f->cpu_us;
    k->end.max_rss_kb = f->max_rss_kb;
    k->end.exit_code = f->exit_code;
    k->end.exit_signal = f->exit_signal;
}

void life_end_as(struct worker *w, struct work *k, int runner_pid, const struct frame_end *f)
{
    begin_by_frame(w, k, runner_pid, f);
    end_by_frame(w, k, f);
}

void life_ended(struct runner *r, struct work *k, const struct frame_end *f)
{
    if (of_shutdown(k, f) && put_back(r->worker, k))
        return;
    begin_by_frame(r->worker, k, r->pid, f);
    runners_weigh(r, f->max_rss_kb);
    r->failures = 0;
    settle_deaths(r, k, f->exit_signal);
    if (of_stop(r, k, f->ended_us, false))
        end_stopped(r->worker, k, f->error);
    else
        end_by_frame(r->worker, k, f);
}

void life_usage_of_dead(const struct runner *r, struct work *k, const struct child_end *how)
{
    int64_t used = how->cpu_us - atomic_load(&r->progress->cpu_before_us);

    k->end.cpu_us = used > 0 ? used : 0;
    k->end.max_rss_kb = how->max_rss_kb;
}

static bool is_by_shutdown(const struct worker *w, const struct work *k)
{
    return k->why == WHY_SHUTDOWN || (k->why == WHY_NONE && w->stop == STOP_NOW);
}

/* The runner died under this job. */
static void end_lost(struct runner *r, struct work *k, const struct child_end *how)
{
    char limit[CRASH_LIMIT_SIZE], message[256], stack[PROGRESS_CRASH_SIZE];
    struct buf error = BUF_INIT((size_t)2 * PROGRESS_CRASH_SIZE);

    struct death death = death_of(r, k, how);
    life_begin_end(r->worker, k, JOB_LOST, r->pid, atomic_load(&r->progress->entered_us),
                   clock_mono_us());
    k->end.exit_code = how->exit_code;
    k->end.exit_signal = how->exit_signal;
    life_usage_of_dead(r, k, how);
    if (of_stop(r, k, clock_mono_us(), false)) {
        end_stopped(r->worker, k, death.message);
        return;
    }
    bool may_retry = count_crash(r->worker, k, limit);
    (void)snprintf(message, sizeof(message), "%s%s%s", death.message, limit,
                   is_by_shutdown(r->worker, k) ? ": its worker was stopped" : "");
    memcpy(stack, r->progress->crash, sizeof(stack));
    stack[sizeof(stack) - 1] = '\0';
    buf_putf(&error, "%s: %s\n%s", death.type, message, stack);
    life_texts(k, death.type, message, buf_ok(&error) ? error.data : message);
    buf_release(&error);
    life_go_on(r->worker, k, may_retry);
}

void life_lost(struct runner *r, struct work *k, const struct child_end *how)
{
    struct worker *w = r->worker;

    if (k->kind == WORK_HOOK) { /* its lease ends, and then somebody calls it again */
        work_free(k);
        return;
    }
    if (k->kind == WORK_ASK) { /* it died of being asked for a delay */
        life_delay(w, k, 0);
        return;
    }
    if (!is_by_shutdown(w, k) || !put_back(w, k))
        end_lost(r, k, how);
}

void life_delay(struct worker *w, struct work *k, int64_t delay_ms)
{
    set_successor(k, delay_ms, k->claim->retry_attempt + 1);
    life_finish(w, k);
}

const struct known_class *life_find_class(const struct worker *w, const char *name)
{
    for (size_t i = 0; i < w->class_count; i++) {
        if (strcmp(w->classes[i].name, name) == 0)
            return &w->classes[i];
    }
    return NULL;
}

static bool add_hook_name(struct worker *w, const char *name)
{
    const char **names = mem_grow(w->hook_names, w->hook_name_count + 1, sizeof(*names));

    if (!names)
        return false;
    names[w->hook_name_count++] = name;
    w->hook_names = names;
    return true;
}

bool life_class(struct worker *w, const struct frame_class *f)
{
    size_t n = w->class_count + 1;
    struct known_class *classes = mem_grow(w->classes, n, sizeof(*classes));

    if (!classes)
        return false;
    w->scheduler.wanted |= f->has_schedule;
    w->classes = classes;
    const char **names = mem_grow(w->class_names, n, sizeof(*names));
    char *name = mem_strdup(f->name);
    if (names)
        w->class_names = names;
    if (!names || !name) {
        mem_free(name);
        return false;
    }
    classes[n - 1] = (struct known_class){
        .name = name,
        .has_retry_delay = f->has_retry_delay,
        .has_on_aborted = f->has_on_aborted,
        .is_executable = f->is_executable,
        .timeout_ms = f->timeout_ms > 0 ? f->timeout_ms : 0,
        .memory_limit = f->memory_limit,
        .cpu_limit_ms = f->cpu_limit_ms,
    };
    names[n - 1] = name;
    w->class_count = n;
    return !f->has_on_aborted || add_hook_name(w, name);
}
