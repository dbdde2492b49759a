/*
 * process.c - one runner as a process
 *
 * Its end is told by its pidfd; its channel is read to the last byte first, then its page says what
 * no frame told. Only after that are its jobs judged: those that ended are ended, the one that was
 * entered is lost, the others were never entered and go elsewhere.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "runner/runner.h"
#include "worker/state.h"

enum { RESTART_FIRST_MS = 100, RESTART_MAX_MS = 5000 };

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

static void close_poll(uv_poll_t **poll)
{
    if (*poll)
        uv_close((uv_handle_t *)*poll, free_handle);
    *poll = NULL;
}

static void drop_channel(struct runner *r)
{
    close_poll(&r->channel_poll);
    r->watches_room = false;
    channel_release(&r->channel);
}

/* Itself too: a job may have moved it to another group. */
void process_kill(struct runner *r)
{
    child_signal_group(&r->child, SIGKILL);
    child_signal(&r->child, SIGKILL);
    groups_kill(&r->worker->groups, r->group);
}

static void drop_group(struct runner *r)
{
    groups_drop(&r->worker->groups, r->group);
    r->group = 0;
}

/* Whether the first job of the runner is one of those up to seq. */
static bool begins_by(const struct runner *r, uint64_t seq)
{
    return r->given.head && r->given.head->seq <= seq;
}

static struct work *take_up_to(struct runner *r, uint64_t seq)
{
    return begins_by(r, seq) ? work_list_pop(&r->given) : NULL;
}

/* Jobs below seq that no frame told about were successes: the page has their times. */
static void settle_below(struct runner *r, uint64_t seq)
{
    struct work *k;

    while (seq > 0 && (k = take_up_to(r, seq - 1))) {
        output_settle(r, k);
        if (k->kind == WORK_ASK) /* its answer was swallowed */
            life_delay(r->worker, k, 0);
        else
            life_succeeded(r, k, &progress_entry(r->progress, k->seq)->times);
    }
}

/* The job that a frame speaks of; NULL when the runner does not have it (it was taken back). */
static struct work *take_exactly(struct runner *r, uint64_t seq)
{
    if (!r->given.head || seq >= r->next_seq)
        return NULL;
    settle_below(r, seq);
    struct work *k = take_up_to(r, seq);
    return k;
}

/* Likewise, of a frame that ends it. A job may write anything to its channel: what is no answer to
 * such a work breaks it, and the work is judged with the others. */
static struct work *take_answered(struct runner *r, uint64_t seq, enum work_kind kind)
{
    if (seq < r->next_seq)
        settle_below(r, seq);
    if (begins_by(r, seq) && r->given.head->kind != kind) {
        r->channel.broken = true;
        return NULL;
    }
    return take_exactly(r, seq);
}

static void on_class(struct runner *r, const struct frame *frame)
{
    struct frame_class f;

    if (!frame_get_class(frame, &f))
        r->channel.broken = true;
    else if (!r->worker->classes_known && !life_class(r->worker, &f)) {
        plain_error err;

        (void)error_nomem(&err);
        worker_fail(r->worker, &err);
    }
}

static void on_ready(struct runner *r, const struct frame *frame)
{
    (void)frame;
    r->state = r->state == RUNNER_STARTING ? RUNNER_READY : r->state;
    worker_described(r->worker);
}

/* What the first one cannot load is refused. A later one is started again: somebody may be copying
 * a file into the folder of executables. */
static void on_failed(struct runner *r, const struct frame *frame)
{
    plain_error err;

    if (!frame_get_failed(frame, &err))
        r->channel.broken = true;
    else if (!r->worker->classes_known)
        worker_fail(r->worker, &err);
    else
        log_event(LOG_ERROR, "Runner not started", LOG_TEXT("error", err.message),
                  LOG_TEXT("fix", err.fix));
}

static void on_done(struct runner *r, const struct frame *frame)
{
    uint64_t seq;

    if (!frame_get_seq(frame, &seq) || seq >= r->next_seq)
        r->channel.broken = true;
    else
        settle_below(r, seq + 1);
}

static void on_end(struct runner *r, const struct frame *frame)
{
    struct frame_end f;

    if (!frame_get_end(frame, &f)) {
        r->channel.broken = true;
        return;
    }
    struct work *k = take_answered(r, f.seq, WORK_JOB);
    if (!k)
        return;
    output_settle(r, k);
    life_ended(r, k, &f);
}

static void on_skip(struct runner *r, const struct frame *frame)
{
    uint64_t seq;

    if (!frame_get_seq(frame, &seq)) {
        r->channel.broken = true;
        return;
    }
    struct work_list skipped = {0};
    struct work *k = take_exactly(r, seq);
    if (k)
        work_list_push(&skipped, k);
    runners_put_home(r->worker, &skipped);
}

static void on_delay(struct runner *r, const struct frame *frame)
{
    struct frame_delay f;

    if (!frame_get_delay(frame, &f)) {
        r->channel.broken = true;
        return;
    }
    struct work *k = take_answered(r, f.seq, WORK_ASK);
    if (k)
        life_delay(r->worker, k, f.delay_ms);
}

static void on_output(struct runner *r, const struct frame *frame)
{
    struct frame_output f;

    if (frame_get_output(frame, &f))
        output_passed_on(r, &f);
    else
        r->channel.broken = true;
}

static void on_log(struct runner *r, const struct frame *frame)
{
    struct frame_log f;

    if (frame_get_log(frame, &f))
        output_logged(r, &f);
    else
        r->channel.broken = true;
}

/* Nothing has failed: what it has not entered goes elsewhere, and another one takes its place. */
static void on_leave(struct runner *r, const struct frame *frame)
{
    (void)frame;
    if (r->state != RUNNER_READY)
        return;
    log_event(
        LOG_INFO, "Runner replaced", LOG_NUMBER("pid", r->pid),
        LOG_TEXT("reason", "a job closed stdin, stdout, stderr or a descriptor of the runner's"));
    runners_take_back_from(r);
    stops_close(r);
}

static void (*const handlers[])(struct runner *, const struct frame *) = {
    [FRAME_CLASS] = on_class, [FRAME_READY] = on_ready,   [FRAME_FAILED] = on_failed,
    [FRAME_DONE] = on_done,   [FRAME_END] = on_end,       [FRAME_SKIP] = on_skip,
    [FRAME_DELAY] = on_delay, [FRAME_OUTPUT] = on_output, [FRAME_LOG] = on_log,
    [FRAME_LEAVE] = on_leave,
};

/* False when no whole frame is there. */
static bool handle_frame(struct runner *r)
{
    struct frame frame;

    if (r->channel.broken || !channel_next(&r->channel, &frame))
        return false;
    size_t kind = (size_t)frame.kind;
    if (kind >= sizeof(handlers) / sizeof(handlers[0]) || !handlers[kind])
        r->channel.broken = true; /* a frame that only a worker sends */
    else
        handlers[kind](r, &frame);
    return true;
}

static void handle_frames(struct runner *r)
{
    while (handle_frame(r))
        continue;
}

/* Reads once. False when nothing has come, or more than a runner has to say: a thread of a job may
 * go on sending for ever. */
static bool fill_bounded(struct runner *r, size_t *so_far)
{
    long n = channel_fill(&r->channel);

    *so_far += n > 0 ? (size_t)n : 0;
    r->channel.broken |= *so_far > CHANNEL_BUFFER_MAX;
    return n > 0 && !r->channel.broken;
}

void process_settle_succeeded(struct runner *r)
{
    size_t so_far = 0;

    if (!r->progress)
        return;
    /* What a job wrote was sent before the page said that it had ended: so the page is read first,
     * and what ends from now on waits for the next time. */
    uint64_t ended = atomic_load(&r->progress->ended);
    while (begins_by(r, ended) && r->channel.fd >= 0 && fill_bounded(r, &so_far))
        handle_frames(r);
    process_go_on(r);
    while (begins_by(r, ended)) {
        const struct work *k = r->given.head;
        const struct progress_entry *e = progress_entry(r->progress, k->seq);

        if (k->kind != WORK_HOOK &&
            (atomic_load(&e->seq) != k->seq || atomic_load(&e->state) != PROGRESS_SUCCEEDED))
            return; /* its frame is on the way */
        settle_below(r, k->seq + 1);
    }
}

/* Nothing of a job may keep a worker waiting: a runner that broke its channel is killed. One that
 * was told to end is on its way. */
static void on_broken(struct runner *r)
{
    drop_channel(r);
    if (r->state != RUNNER_CLOSING)
        process_kill(r);
}

/* Handles all that has arrived. */
static void handle_all(struct runner *r)
{
    size_t so_far = 0;

    if (r->channel.fd < 0)
        return;
    do
        handle_frames(r);
    while (fill_bounded(r, &so_far));
}

void process_readable(uv_poll_t *poll, int status, int events)
{
    struct runner *r = poll->data;
    struct worker *w = r->worker;

    if (status < 0) { /* a runner that ended with frames of ours unread: its own are still there */
        handle_all(r);
        r->channel.broken = true;
    }
    if (events & UV_READABLE) {
        (void)channel_fill(&r->channel);
        bool broken = r->channel.broken;
        r->channel.broken = false; /* what has arrived still counts */
        handle_frames(r);
        r->channel.broken |= broken;
    }
    if (events & UV_WRITABLE)
        process_flush(r);
    if (r->channel.broken && r->channel_poll)
        on_broken(r);
    pump(w);
}

void process_catch_up(struct runner *r, uint64_t logged)
{
    size_t so_far = 0;

    while (r->output.logged < logged && r->channel.fd >= 0 && !r->channel.broken) {
        if (!handle_frame(r) && !fill_bounded(r, &so_far))
            break;
    }
}

void process_go_on(struct runner *r)
{
    handle_frames(r);
    if (r->channel.broken && r->channel_poll)
        on_broken(r);
}

static void judge_entered(struct runner *r, struct work *k, const struct child_end *end)
{
    if (r->worker->lease.lost && k->kind == WORK_JOB)
        rescue_own(r, k, end);
    else
        life_lost(r, k, end);
}

/* A job whose end reached the file and not the channel. */
static bool judge_ended(struct runner *r, struct work *k)
{
    const char *frame;
    struct frame_end f;
    size_t length = 0;

    if (k->kind != WORK_JOB || !k->noted)
        return false;
    switch (atomic_load(&k->noted->state)) {
    case PROGRESS_SUCCEEDED:
        life_succeeded(r, k, &k->noted->times);
        return true;
    case PROGRESS_ENDED:
        frame = progress_frame(r->progress, k->noted, &length);
        f = frame_end_noted(frame, length, &k->noted->how, &k->noted->times);
        life_ended(r, k, &f);
        return true;
    default:
        return false;
    }
}

/* Of one that stands in the page as entered or ended: it was neither, its entry says. */
static bool is_unentered(const struct work *k)
{
    return k->kind == WORK_JOB && k->noted && atomic_load(&k->noted->state) == PROGRESS_GIVEN;
}

/* One that the page says has ended, and no frame told how: skipped, or its end was not sent. */
static void judge_unheard(struct runner *r, struct work *k, const struct child_end *end,
                          struct work_list *unstarted)
{
    output_settle(r, k);
    if (k->kind == WORK_HOOK)
        life_succeeded(r, k, &progress_entry(r->progress, k->seq)->times);
    else if (is_unentered(k))
        work_list_push(unstarted, k);
    else if (!judge_ended(r, k))
        judge_entered(r, k, end);
}

void process_judge(struct runner *r, const struct child_end *end)
{
    struct work_list unstarted = {0};
    struct work *k;

    handle_all(r);
    uint64_t ended = atomic_load(&r->progress->ended);
    while (ended < r->next_seq && (k = take_up_to(r, ended)))
        judge_unheard(r, k, end, &unstarted);
    output_read_rest(r);
    if ((k = take_up_to(r, atomic_load(&r->progress->entered)))) {
        output_settle(r, k);
        if (is_unentered(k)) /* it died between the two */
            work_list_push(&unstarted, k);
        else if (!judge_ended(r, k))
            judge_entered(r, k, end);
    }
    work_list_append(&unstarted, &r->given);
    runners_put_home(r->worker, &unstarted);
}

static void schedule_restart(struct runner *r, bool expected)
{
    int64_t delay = 0;

    if (!expected) {
        unsigned shift = r->failures < 6 ? r->failures : 6;

        delay = (int64_t)RESTART_FIRST_MS << shift;
        delay = delay > RESTART_MAX_MS ? RESTART_MAX_MS : delay;
        if (r->failures == 0) /* a job that killed its runner now and then costs no wait */
            delay = 0;
        r->failures++;
    }
    r->state = RUNNER_DOWN;
    r->stop_step = STOP_STEP_NONE; /* its steps were taken */
    r->restart_at_us = clock_mono_us() + delay * US_PER_MS;
}

void process_exited(uv_poll_t *poll, int status, int events)
{
    struct runner *r = poll->data;
    struct worker *w = r->worker;
    struct child_end end;
    char how[64];

    (void)status;
    (void)events;
    if (!child_reap(&r->child, true, &end))
        return;
    groups_kill(&w->groups, r->group); /* what has left its process group, too */
    r->progress->runner.start = 0;     /* nothing is left to end for whoever rescues its jobs */
    lease_check(w); /* its own guard may have killed it, while this worker was asleep */
    bool never_ready = r->state == RUNNER_STARTING;
    process_judge(r, &end); /* which may read that it leaves */
    bool expected = r->state == RUNNER_CLOSING || w->stop == STOP_NOW || w->lease.lost;
    drop_group(r);
    drop_channel(r);
    close_poll(&r->exit_poll);
    output_close(r);
    if (!expected)
        log_event(LOG_WARNING, "Runner ended", LOG_NUMBER("pid", r->pid),
                  LOG_TEXT("how", child_end_text(&end, how, sizeof(how))));
    if (never_ready && !w->classes_known && w->stop == STOP_NO) {
        plain_error err;

        (void)error_set(&err, PLAIN_E_MODULE, 108, "JOBS_MODULES",
                        "the first runner ended with %s while it loaded the job modules",
                        child_end_text(&end, how, sizeof(how)));
        worker_fail(w, &err);
    }
    schedule_restart(r, expected);
    pump(w);
}

size_t process_frame_size(const struct work *k)
{
    const char *parameters = k->claim->parameters, *said = k->hook ? k->hook->error_message : NULL;

    return strlen(parameters ? parameters : "") + strlen(k->claim->source) +
           strlen(said ? said : "");
}

void process_give(struct runner *r, struct work *w)
{
    static const enum frame_kind kinds[] = {[WORK_JOB] = FRAME_JOB, [WORK_ASK] = FRAME_ASK};
    const struct claim *c = w->claim;

    w->seq = progress_next_free(r->progress, r->next_seq);
    r->next_seq = w->seq + 1;
    w->limit_ms = stops_limit_ms(r->worker, w);
    if (r->given.count == 0 || r->shortest_ms == 0 ||
        (w->limit_ms > 0 && w->limit_ms < r->shortest_ms))
        r->shortest_ms = w->limit_ms;
    const struct frame_job job = {
        .seq = w->seq,
        .token = c->token,
        .request_uuid = c->request_uuid,
        .root_uuid = c->root_uuid,
        .priority = c->priority,
        .retries = c->retries,
        .retry_attempt = c->retry_attempt,
        .run_no = c->run_no,
        .job_class = c->job_class,
        .parameters = c->parameters,
        .queue = c->queue,
        .concurrency_key = c->concurrency_key,
        .source = c->source,
    };
    if (w->kind == WORK_HOOK)
        frame_put_hook(&r->channel.out,
                       &(struct frame_hook){.job = job,
                                            .status = job_status_names[w->hook->status],
                                            .error_type = w->hook->error_type,
                                            .error_message = w->hook->error_message,
                                            .will_retry = w->hook->will_retry});
    else
        frame_put_job(&r->channel.out, kinds[w->kind], &job);
    if (w->kind == WORK_JOB)
        w->noted = progress_give(r->progress, w->seq, &c->token);
    work_list_push(&r->given, w);
}

size_t process_unsent(const struct runner *r)
{
    return buf_ok(&r->channel.out) ? r->channel.out.len : SIZE_MAX;
}

/* Only where that changes: each call takes two of the kernel. */
static void watch_room(struct runner *r, bool wanted)
{
    if (!r->channel_poll || r->watches_room == wanted)
        return;
    (void)uv_poll_start(r->channel_poll, UV_READABLE | (wanted ? UV_WRITABLE : 0),
                        process_readable);
    r->watches_room = wanted;
}

void process_flush(struct runner *r)
{
    int left = channel_flush(&r->channel);

    watch_room(r, left > 0);
    /* It would wait for ever, if it lives; what it has sent is read at its end. */
    if (left < 0 && r->state != RUNNER_CLOSING)
        process_kill(r);
}

void process_close(struct runner *r)
{
    if (r->state == RUNNER_CLOSING || r->channel.fd < 0)
        return;
    r->state = RUNNER_CLOSING;
    (void)shutdown(r->channel.fd, SHUT_WR);
}

void process_release(struct runner *r)
{
    work_list_free(&r->given);
    drop_channel(r);
    output_close(r);
    close_poll(&r->exit_poll);
    drop_group(r);
}
