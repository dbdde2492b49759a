/*
 * runner.c - reads jobs from the channel, runs them one at a time, tells how they ended
 *
 * A success costs an entry in the page of progress; DONE is written when the channel is drained or
 * FLUSH_AFTER_US have passed, so that the worker is woken once for many short jobs. Everything else
 * is a frame that is written before `ended` rises, so that after a crash each job at or below
 * `ended` is either in a frame or a success of the page. A hook that was called tells nothing more.
 */
#define _GNU_SOURCE
#include "runner/runner.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "channel/channel.h"
#include "channel/progress.h"
#include "channel/worker_file.h"
#include "core/class.h"
#include "runner/attempt.h"
#include "runner/bench_jobs.h"
#include "runner/crash.h"
#include "runner/fork_mark.h"
#include "runner/guard.h"
#include "runner/module.h"
#include "runner/output.h"
#include "runner/own_group.h"
#include "runner/scheduler.h"
#include "runner/usage.h"

enum { FLUSH_AFTER_US = 2000 };

struct runner {
    struct channel channel;
    struct progress *progress;
    struct registry *registry;
    struct middleware_chain chain;
    plain_uuid worker_id;
    struct arena arena; /* of the current attempt */
    uint64_t done;      /* last job whose success was told */
    uint64_t last;      /* last job that was handled */
    int64_t flushed_us;
    struct fork_mark mark;
    int folder; /* where it was started */
    struct output output;
    bool has_files;      /* the descriptors that output_take() looks at */
    int64_t floor_kb;    /* see usage_settle() */
    struct usage usage;  /* at the end of the job before, which this one begins with */
    bool is_usage_known; /* nothing but frames of ours was handled since */
};

static void put_done(struct runner *r)
{
    if (r->done < r->last)
        frame_put_seq(&r->channel.out, FRAME_DONE, r->last);
    r->done = r->last;
}

static int flush(struct runner *r)
{
    put_done(r);
    r->flushed_us = clock_mono_us();
    return channel_flush(&r->channel);
}

/* A frame that is not DONE is written at once: see the head of this file. Into the worker's file
 * first, so that no death loses it; there without its long texts when they are too long. */
static void tell_end(struct runner *r, const struct frame_end *end)
{
    const struct progress_how how = {.kind = end->kind,
                                     .delay_ms = end->delay_ms,
                                     .increment_retries = end->increment_retries,
                                     .exit_code = end->exit_code,
                                     .exit_signal = end->exit_signal};
    const struct progress_times times = {.started_us = end->started_us,
                                         .ended_us = end->ended_us,
                                         .cpu_us = end->cpu_us,
                                         .max_rss_kb = end->max_rss_kb};
    size_t before = r->channel.out.len;

    frame_put_end(&r->channel.out, end);
    if (buf_ok(&r->channel.out) &&
        !progress_end(r->progress, end->seq, &how, &times, r->channel.out.data + before,
                      r->channel.out.len - before)) {
        struct buf brief = BUF_INIT(CHANNEL_FRAME_MAX);
        struct frame_end cut = *end;

        cut.error = cut.error_message = "its text was too long to outlive its worker";
        frame_put_end(&brief, &cut);
        if (buf_ok(&brief))
            (void)progress_end(r->progress, end->seq, &how, &times, brief.data, brief.len);
        buf_release(&brief);
    }
    (void)channel_flush(&r->channel);
}

static void fill_job(struct runner *r, const struct frame_job *f, plain_job *job)
{
    *job = (plain_job){
        .token = f->token,
        .request_uuid = f->request_uuid,
        .root_uuid = f->root_uuid,
        .worker_id = r->worker_id,
        .job_class = f->job_class,
        .queue = f->queue,
        .concurrency_key = f->concurrency_key,
        .source = f->source,
        .priority = f->priority,
        .retries = f->retries,
        .retry_attempt = f->retry_attempt,
        .run_no = f->run_no,
        .arena = &r->arena,
        .page = {.asked = &r->progress->asked,
                 .heard = &r->progress->heard,
                 .completing = &progress_entry(r->progress, f->seq)->completing,
                 .seq = f->seq},
    };
}

static const enum end_kind end_kinds[] = {
    [ATTEMPT_FAILED] = END_FAILED,
    [ATTEMPT_DEFERRED] = END_DEFERRED,
    [ATTEMPT_LOST] = END_LOST,
};

/* The frame of an attempt that did not succeed. A retry's delay is asked while the class is here.
 */
static struct frame_end make_end(const struct frame_job *f, const struct job_entry *entry,
                                 const plain_job *job, const struct attempt *attempt)
{
    const struct job_outcome *o = &job->outcome;
    struct frame_end end = {
        .seq = f->seq,
        .kind = (int32_t)end_kinds[attempt->result],
        .delay_ms = o->delay_ms,
        .increment_retries = o->increment_retries,
        .exit_code = attempt->exit_code,
        .exit_signal = attempt->exit_signal,
        .error_type = o->error_type ? o->error_type : "",
        .error_message = o->error_message ? o->error_message : "",
        .error = o->error ? o->error : "",
    };
    if (attempt->result != ATTEMPT_DEFERRED && f->retry_attempt < f->retries)
        end.delay_ms = attempt_retry_delay(entry, f->parameters, f->retry_attempt + 1);
    return end;
}

/* User code runs for the item between this and leave(). */
static bool enter(struct runner *r, const struct frame *frame, uint64_t seq)
{
    bool is_attempt = frame->kind == FRAME_JOB;

    r->output.seq = seq;
    return (is_attempt ? progress_enter : progress_begin_unnoted)(r->progress, seq,
                                                                  clock_mono_us());
}

/* A child that a job forked, and that came back from the job instead of ending, is not the runner:
 * what became of it is for the job to see. */
static void end_forked(const struct runner *r, bool is_good)
{
    if (!fork_mark_is_here(&r->mark))
        _exit(is_good ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Only these two streams: fflush(NULL) waits for each lock, and a thread of the module that reads a
 * pipe holds that of its stream until something comes. */
static void leave(struct runner *r)
{
    (void)fflush(stdout);
    (void)fflush(stderr);
    r->has_files = output_take(&r->output);
    r->output.seq = 0;
}

static void run_entered(struct runner *r, const struct frame_job *f)
{
    const struct job_entry *entry = registry_find(r->registry, f->job_class);
    struct usage before = usage_before(r->is_usage_known ? &r->usage : NULL);
    int64_t started = clock_mono_us();
    struct attempt attempt = {
        .result = ATTEMPT_FAILED, .exit_code = -1, .exit_signal = -1, .cpu_us = -1};
    plain_job job;

    fill_job(r, f, &job);
    atomic_store_explicit(&r->progress->cpu_before_us, before.cpu_us + before.children_us,
                          memory_order_relaxed);
    job_set_current(&job);
    if (entry && entry->path) /* a job before it may have gone elsewhere */
        (void)fchdir(r->folder);
    if (entry)
        attempt_run(entry, &r->chain, &job, f->parameters, &attempt);
    else
        job_set_failed(&job, "UnknownClass", NULL, 0, "this runner has no such job class", "");
    job_set_current(NULL);
    bool is_good = attempt.result == ATTEMPT_SUCCESSFUL;
    end_forked(r, is_good);
    int64_t ended = clock_mono_us();
    struct frame_end end = is_good ? (struct frame_end){0} : make_end(f, entry, &job, &attempt);
    end_forked(r, true);
    leave(r); /* what it printed is out before anybody hears of its end */
    struct usage after = usage_after(&before, clock_mono_us() - started);
    bool own = attempt.cpu_us < 0;
    int64_t cpu = own ? after.cpu_us - before.cpu_us : attempt.cpu_us;
    if (own && cpu < 0) /* the short ones before it were charged with more than they used */
        cpu = 0;
    int64_t rss = own ? after.max_rss_kb : attempt.max_rss_kb;

    if (is_good) {
        progress_succeed(
            r->progress, f->seq,
            &(struct progress_times){
                .started_us = started, .ended_us = ended, .cpu_us = cpu, .max_rss_kb = rss});
    } else {
        end.started_us = started;
        end.ended_us = ended;
        end.cpu_us = cpu;
        end.max_rss_kb = rss;
        tell_end(r, &end);
    }
    usage_settle(&after, &r->floor_kb);
    r->usage = after;
    r->is_usage_known = true;
    arena_reset(&r->arena);
}

/* The worker has taken it back. */
static void skip(struct runner *r, uint64_t seq)
{
    r->output.seq = 0;
    frame_put_seq(&r->channel.out, FRAME_SKIP, seq);
    (void)channel_flush(&r->channel);
}

static void handle_job(struct runner *r, const struct frame *frame)
{
    struct frame_job f;

    if (!frame_get_job(frame, &f))
        return;
    if (enter(r, frame, f.seq)) {
        run_entered(r, &f);
    } else {
        skip(r, f.seq);
    }
    atomic_store(&r->progress->ended, f.seq);
    r->last = f.seq;
}

static void handle_ask(struct runner *r, const struct frame *frame)
{
    struct frame_job f;

    if (!frame_get_job(frame, &f))
        return;
    (void)enter(r, frame, f.seq);
    const struct job_entry *entry = registry_find(r->registry, f.job_class);
    struct frame_delay delay = {
        .seq = f.seq, .delay_ms = attempt_retry_delay(entry, f.parameters, f.retry_attempt + 1)};
    end_forked(r, true);
    leave(r);
    frame_put_delay(&r->channel.out, &delay);
    (void)channel_flush(&r->channel);
    atomic_store(&r->progress->ended, f.seq);
    r->last = f.seq;
}

/* on_aborted of an attempt that ended elsewhere: what it says is logged and changes nothing. */
static void handle_hook(struct runner *r, const struct frame *frame)
{
    struct frame_hook f;

    if (!frame_get_hook(frame, &f))
        return;
    if (enter(r, frame, f.job.seq)) {
        attempt_aborted(registry_find(r->registry, f.job.job_class), &f);
        end_forked(r, true);
        leave(r);
    } else {
        skip(r, f.job.seq);
    }
    atomic_store(&r->progress->ended, f.job.seq);
    r->last = f.job.seq;
}

static void describe_name(struct runner *r, const struct job_entry *entry, const char *name)
{
    frame_put_class(&r->channel.out,
                    &(struct frame_class){
                        .name = name,
                        .doc = entry->doc,
                        .origin = entry->origin,
                        .has_retry_delay = entry->cls && entry->cls->calculate_retry_delay,
                        .has_on_aborted = class_on_aborted(entry->cls) != NULL,
                        .is_executable = entry->path != NULL,
                        .has_schedule = class_has_schedule(entry->cls),
                        .timeout_ms = class_timeout_ms(entry->cls),
                        .memory_limit = class_limits(entry->cls).memory,
                        .cpu_limit_ms = class_limits(entry->cls).cpu_ms,
                    });
}

static void describe(struct runner *r)
{
    for (size_t i = 0; i < registry_count(r->registry); i++) {
        const struct job_entry *entry = registry_at(r->registry, i);

        describe_name(r, entry, entry->name);
        for (const char *const *alias = entry->cls ? entry->cls->aliases : NULL; alias && *alias;
             alias++)
            describe_name(r, entry, *alias);
    }
    frame_put_seq(&r->channel.out, FRAME_READY, 0);
    (void)channel_flush(&r->channel);
}

/* The worker has made sure that each section is for an executable. One whose file has gone since
 * then is no reason to end. */
static int add_executables(struct registry *r, plain_error *err)
{
    const char *sections = getenv(RUNNER_SECTIONS);
    int result = sections ? registry_take_sections(r, sections, err) : PLAIN_OK;

    (void)unsetenv(RUNNER_SECTIONS);
    return result == PLAIN_OK ? registry_add_folder(r, EXECUTABLES_FOLDER, err) : result;
}

static int make_chain(struct runner *r, plain_error *err)
{
    const char *names = getenv(RUNNER_MIDDLEWARE);
    int result = registry_chain(r->registry, names && *names ? names : "[]", &r->chain, err);

    (void)unsetenv(RUNNER_MIDDLEWARE);
    return result;
}

/* A runner of a measurement has its jobs and nothing of the application. */
static bool is_for_bench(void)
{
    bool is = getenv(RUNNER_BENCH) != NULL;

    (void)unsetenv(RUNNER_BENCH);
    return is;
}

static int load(struct runner *r, int argc, char **argv, const plain_module *own, plain_error *err)
{
    r->registry = registry_new();
    if (!r->registry)
        return error_nomem(err);
    if (is_for_bench()) {
        int result = registry_add_module(r->registry, &bench_module, "plain jobs bench", err);

        return result == PLAIN_OK ? make_chain(r, err) : result;
    }
    if (own) {
        int result = registry_add_module(r->registry, own, "this program", err);
        if (result < 0)
            return result;
    }
    for (int i = 0; i < argc; i++) {
        int fd = CHANNEL_FD_MODULES + i;
        int result = module_load(r->registry, fd, argv[i], err);

        (void)close(fd);
        if (result < 0)
            return result;
    }
    const struct schedule_sources schedules = scheduler_handed_over();
    int result = add_executables(r->registry, err);
    if (result == PLAIN_OK)
        result = schedules_add_commands(r->registry, &schedules, err);
    scheduler_forget_handed_over();
    return result == PLAIN_OK ? make_chain(r, err) : result;
}

/* A job closed what the next one needs. Untold, the worker would take our end for a crash. */
static void tell_leave(struct runner *r)
{
    put_done(r);
    frame_put_seq(&r->channel.out, FRAME_LEAVE, 0);
    (void)channel_flush(&r->channel);
}

static void serve(struct runner *r)
{
    struct frame frame;

    while (!r->channel.broken && !r->channel.shut) {
        while (channel_next(&r->channel, &frame)) {
            if (clock_mono_us() - r->flushed_us > FLUSH_AFTER_US && flush(r) < 0)
                return;
            if (r->channel.broken || r->channel.shut)
                return; /* nobody would hear of the next one */
            r->is_usage_known &= frame.kind == FRAME_JOB;
            if (frame.kind == FRAME_JOB)
                handle_job(r, &frame);
            else if (frame.kind == FRAME_ASK)
                handle_ask(r, &frame);
            else if (frame.kind == FRAME_HOOK)
                handle_hook(r, &frame);
            if (!r->has_files) {
                tell_leave(r);
                return;
            }
        }
        r->is_usage_known = false;
        if (flush(r) < 0 || channel_fill(&r->channel) < 0)
            return;
    }
}

/* The page of this runner in the worker's file, and a guard that looks at its head. The descriptor
 * stays open: it holds the file's lock. */
static int join_file(struct runner *r, const char *number, const char *group, plain_error *err)
{
    const struct worker_file_head *head;
    int64_t place;

    (void)fcntl(CHANNEL_FD, F_SETFD, FD_CLOEXEC);
    (void)fcntl(CHANNEL_FD_FILE, F_SETFD, FD_CLOEXEC);
    if (!text_parse_int64(number, 0, INT32_MAX, &place))
        return error_set(err, PLAIN_E_INVALID, 705, "", "\"%s\" is no place for a runner", number);
    int result = worker_file_join(CHANNEL_FD_FILE, (int)place, &r->progress, &head, err);
    return result == PLAIN_OK ? guard_start(head, group, err) : result;
}

static void tell_failed(struct runner *r, const plain_error *err)
{
    frame_put_failed(&r->channel.out, err);
    (void)channel_flush(&r->channel);
}

int runner_main(int argc, char **argv, const plain_module *own)
{
    struct runner r = {.arena = ARENA_INIT};
    plain_error err;

    if (argc < RUNNER_MODULES_AT || !plain_uuid_parse(argv[2], &r.worker_id)) {
        (void)fprintf(stderr, "%s is started by `plain jobs worker`, not by hand\n",
                      RUNNER_COMMAND);
        return 2;
    }
    fork_mark_set(&r.mark);
    channel_init(&r.channel, CHANNEL_FD);
    if (join_file(&r, argv[3], argv[RUNNER_GROUP_AT], &err) < 0) {
        tell_failed(&r, &err);
        channel_release(&r.channel);
        return 1;
    }
    r.folder = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    channel_pin(&r.channel);
    output_start(&r.output, &r.channel, r.progress);
    r.has_files = true;
    crash_install(r.progress);
    own_group_install(argv[RUNNER_GROUP_AT], r.progress);
    if (load(&r, argc - RUNNER_MODULES_AT, argv + RUNNER_MODULES_AT, own, &err) < 0) {
        tell_failed(&r, &err);
    } else {
        describe(&r);
        serve(&r);
    }
    arena_release(&r.arena);
    registry_free(r.registry);
    channel_release(&r.channel);
    return 0;
}

static int failure_code(const struct attempt *attempt, const struct job_outcome *outcome)
{
    if (attempt->result == ATTEMPT_LOST)
        return 601;
    return text_equal_nocase(outcome->error_type, "BadReturn") ? 604 : 603;
}

int runner_run_here(const struct job_entry *entry, const struct middleware_chain *chain,
                    const char *stored, plain_error *err)
{
    struct arena arena = ARENA_INIT;
    struct attempt attempt;
    int r = PLAIN_OK;
    plain_job job = {
        .token = plain_uuid_new(),
        .job_class = entry->name,
        .queue = "default",
        .concurrency_key = "",
        .source = "plain jobs run",
        .run_no = 1,
        .arena = &arena,
    };

    job.request_uuid = job.root_uuid = plain_uuid_new();
    job_set_current(&job);
    attempt_run(entry, chain, &job, stored, &attempt);
    job_set_current(NULL);
    if (attempt.result == ATTEMPT_DEFERRED) {
        r = PLAIN_NONE;
    } else if (attempt.result != ATTEMPT_SUCCESSFUL) {
        r = error_set(err, PLAIN_E_JOB, failure_code(&attempt, &job.outcome), "", "%s: %s",
                      job.outcome.error_type, job.outcome.error_message);
    }
    arena_release(&arena);
    return r;
}
