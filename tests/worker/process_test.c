/* process_test.c - what a worker makes of what its runner sent and of what stands in its page
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/uuid.h"
#include "tests/harness/harness.h"
#include "worker/state.h"

enum { JOBS = 4 };

static struct worker_options options;

/* A worker with a runner that was given JOBS jobs, and the runner's end of its channel. */
static struct {
    struct worker worker;
    struct runner runner;
    struct progress page;
    struct channel theirs;
    int output;          /* the end of the pipe that is its stdout */
    int looks;           /* at the clock until it ends its job and enters the next; 0: never */
    int signals;         /* that were sent */
    uint64_t when_empty; /* the job that it ends as soon as the worker finds the channel empty */
    struct buf flood;    /* what it sends for ever, when there is something */
} bench;

/* As a runner ends a job that wrote its number. */
static void end_job(uint64_t seq)
{
    struct progress *p = &bench.page;

    assert_true(progress_enter(p, seq, 1));
    frame_put_output(&bench.theirs.out,
                     &(struct frame_output){.seq = seq, .bytes = &"0123456789"[seq], .size = 1});
    assert_int_equal(channel_flush(&bench.theirs), 0);
    progress_succeed(p, seq, &(struct progress_times){.started_us = 1, .ended_us = 2});
    atomic_store(&p->ended, seq);
}

/* In place of the one of libc, for channel.c: a thread that was put aside just behind its call. */
ssize_t recv(int fd, void *to, size_t n, int flags)
{
    if (bench.flood.len > 0) {
        memcpy(to, bench.flood.data, bench.flood.len);
        return (ssize_t)bench.flood.len;
    }
    ssize_t got = syscall(SYS_recvfrom, fd, to, n, flags, NULL, NULL);
    uint64_t seq = bench.when_empty;

    if (got < 0 && errno == EAGAIN && seq > 0) {
        bench.when_empty = 0;
        end_job(seq);
        errno = EAGAIN;
    }
    return got;
}

int clock_gettime(clockid_t id, struct timespec *out)
{
    if (bench.looks > 0 && --bench.looks == 0) {
        uint64_t seq = atomic_load(&bench.page.entered);

        end_job(seq);
        assert_true(progress_enter(&bench.page, seq + 1, 1));
    }
    return (int)syscall(SYS_clock_gettime, id, out);
}

int kill(pid_t pid, int signal)
{
    (void)pid;
    bench.signals += signal != 0 && signal != SIGCONT;
    return 0;
}

static struct claim *claims; /* of the jobs, in their order */

static void give_jobs(void)
{
    struct arena arena = ARENA_INIT;
    claims = arena_array(&arena, JOBS, sizeof(*claims));
    struct work_list jobs = {0}, none = {0};
    struct work *k;

    for (int i = 0; i < JOBS; i++)
        claims[i] = (struct claim){.job_class = "Job", .queue = "default", .token = uuid_new()};
    assert_true(work_take(&jobs, &none, &arena,
                          &(struct cycle_result){.claims = claims, .claim_count = JOBS},
                          &bench.worker.clock));
    while ((k = work_list_pop(&jobs)))
        process_give(&bench.runner, k);
}

static void begin(void)
{
    int ends[2];

    memset(&bench, 0, sizeof(bench));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    bench.worker.options = &options;
    bench.worker.runners = &bench.runner;
    bench.worker.runner_count = 1;
    bench.runner.worker = &bench.worker;
    bench.runner.child.pid = INT_MAX;
    bench.runner.progress = &bench.page;
    bench.runner.next_seq = 1;
    assert_int_equal(output_open(&bench.runner, &bench.output, NULL), PLAIN_OK);
    progress_begin(&bench.page, 1, &(struct process_mark){0});
    channel_init(&bench.runner.channel, ends[0]);
    channel_init(&bench.theirs, ends[1]);
    give_jobs();
}

static void end(void)
{
    work_list_free(&bench.worker.returning);
    work_list_free(&bench.worker.hooked);
    buf_release(&bench.flood);
    work_list_free(&bench.worker.ended);
    work_list_free(&bench.runner.given);
    work_list_free(&bench.worker.ready);
    output_close(&bench.runner);
    (void)close(bench.output);
    channel_release(&bench.runner.channel);
    channel_release(&bench.theirs);
}

static void assert_all_have_their_output(void)
{
    for (const struct work *k = bench.worker.ended.head; k; k = k->next) {
        assert_non_null(k->output);
        assert_int_equal(strlen(k->output), 1);
        assert_int_equal(k->output[0], "0123456789"[k->seq]);
    }
}

/* It happened where a worker lost its processor for as long as a hundred short jobs took. */
static void a_job_that_ends_while_the_page_is_read_keeps_its_output(void **state)
{
    (void)state;
    begin();
    end_job(1);
    end_job(2);
    bench.when_empty = 3;
    process_settle_succeeded(&bench.runner);
    assert_int_equal(bench.when_empty, 0);
    assert_all_have_their_output();
    process_settle_succeeded(&bench.runner);
    assert_all_have_their_output();
    assert_int_equal(bench.worker.ended.count, 3);
    assert_int_equal(bench.runner.given.count, JOBS - 3);
    end();
}

static void a_hook_hides_no_end_behind_it(void **state)
{
    struct work *hook;

    (void)state;
    begin();
    hook = bench.runner.given.head;
    hook->kind = WORK_HOOK;
    progress_forget(hook->noted);
    hook->noted = NULL;
    assert_true(progress_begin_unnoted(&bench.page, 1, 1));
    end_job(2);
    assert_true(progress_enter(&bench.page, 3, 1));
    process_settle_succeeded(&bench.runner);
    assert_int_equal(bench.worker.hooked.count, 1);
    assert_int_equal(bench.worker.ended.count, 1);
    assert_int_equal(bench.runner.given.count, JOBS - 2);
    end();
}

/* Code of a job wrote it: the job is judged by what its page says. */
static void an_answer_to_a_question_that_was_not_asked_breaks_the_channel(void **state)
{
    (void)state;
    begin();
    assert_true(progress_enter(&bench.page, 1, 1));
    frame_put_delay(&bench.theirs.out, &(struct frame_delay){.seq = 1});
    assert_int_equal(channel_flush(&bench.theirs), 0);
    atomic_store(&bench.page.ended, 1);
    process_settle_succeeded(&bench.runner);
    assert_true(bench.runner.channel.broken);
    assert_int_equal(bench.worker.ended.count, 0);
    assert_int_equal(bench.runner.given.count, JOBS);
    end();
}

/* Nor does it end the attempt that was asked about as a success. */
static void a_question_that_was_not_answered_leads_to_a_retry_at_once(void **state)
{
    struct work *asked;

    (void)state;
    begin();
    asked = bench.runner.given.head;
    asked->kind = WORK_ASK;
    asked->end = (struct job_end){.token = asked->claim->token, .status = JOB_LOST};
    frame_put_seq(&bench.theirs.out, FRAME_DONE, 1);
    assert_int_equal(channel_flush(&bench.theirs), 0);
    atomic_store(&bench.page.ended, 1);
    process_settle_succeeded(&bench.runner);
    assert_int_equal(bench.worker.ended.count, 1);
    assert_int_equal(bench.worker.ended.head->end.status, JOB_LOST);
    assert_false(uuid_is_zero(&bench.worker.ended.head->end.successor));
    end();
}

static void who_cannot_be_written_to_is_ended_unless_it_ends(void **state)
{
    static const enum runner_state states[] = {RUNNER_CLOSING, RUNNER_READY};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        begin();
        frame_put_log(&bench.theirs.out, &(struct frame_log){.seq = 1, .event = "last words"});
        assert_int_equal(channel_flush(&bench.theirs), 0);
        channel_release(&bench.theirs);
        bench.runner.state = states[i];
        process_flush(&bench.runner);
        assert_int_equal(bench.signals > 0, states[i] == RUNNER_READY);
        assert_true(channel_fill(&bench.runner.channel) > 0);
        channel_init(&bench.theirs, -1);
        end();
    }
}

static void who_leaves_is_not_killed_and_keeps_no_job(void **state)
{
    (void)state;
    begin();
    bench.runner.state = RUNNER_READY;
    assert_true(progress_enter(&bench.page, 1, 1));
    frame_put_seq(&bench.theirs.out, FRAME_LEAVE, 0);
    assert_int_equal(channel_flush(&bench.theirs), 0);
    atomic_store(&bench.page.ended, 1);
    process_settle_succeeded(&bench.runner);
    assert_int_equal(bench.runner.state, RUNNER_CLOSING);
    assert_int_equal(bench.signals, 0);
    assert_int_equal(bench.runner.given.count, 1); /* it was entered */
    assert_int_equal(bench.worker.ready.count, JOBS - 1);
    end();
}

static void who_sends_for_ever_is_heard_out_no_longer(void **state)
{
    static const char bytes[32 * 1024];
    const struct frame_output piece = {.seq = 1, .bytes = bytes, .size = sizeof(bytes)};

    (void)state;
    begin();
    assert_true(progress_enter(&bench.page, 1, 1));
    atomic_store(&bench.page.ended, 1);
    bench.flood = (struct buf)BUF_INIT(CHANNEL_FRAME_MAX);
    frame_put_output(&bench.flood, &piece);
    process_settle_succeeded(&bench.runner);
    assert_true(bench.runner.channel.broken);
    end();
}

/* "four" is read from the pipe, and what was sent before it with what was sent behind it. */
static void what_comes_along_with_a_log_record_is_handled(void **state)
{
    struct buf *out = &bench.theirs.out;

    (void)state;
    begin();
    assert_true(progress_enter(&bench.page, 1, 1));
    frame_put_log(out, &(struct frame_log){.seq = 1, .level = LOG_WARNING, .event = "three"});
    atomic_store(&bench.page.logged, 1);
    assert_int_equal(write(bench.output, "four\n", 5), 5);
    frame_put_output(out, &(struct frame_output){.seq = 1, .bytes = "five", .size = 4});
    frame_put_seq(out, FRAME_DONE, 1);
    assert_int_equal(channel_flush(&bench.theirs), 0);
    output_read_rest(&bench.runner);
    assert_int_equal(bench.worker.ended.count, 1);
    assert_string_equal(bench.worker.ended.head->output, "[WARNING] three\nfour\nfive");
    end();
}

/* With the first job entered, and its time up. */
static void begin_overdue(void)
{
    begin();
    bench.runner.given.head->limit_ms = 1;
    assert_true(progress_enter(&bench.page, 1, 1));
}

/* It ends while the worker looks at the clock. */
static void the_job_behind_one_that_is_to_be_stopped_is_spared(void **state)
{
    (void)state;
    begin_overdue();
    bench.looks = 2;
    stops_check(&bench.worker);
    assert_int_equal(bench.looks, 0);
    assert_int_equal(bench.signals, 0);
    assert_int_equal(bench.runner.stop_step, STOP_STEP_NONE);
    end();
}

static void one_that_still_runs_is_told(void **state)
{
    (void)state;
    begin_overdue();
    stops_check(&bench.worker);
    assert_int_equal(bench.signals, 1);
    assert_int_equal(bench.runner.stop_step, STOP_STEP_TOLD);
    assert_int_equal(bench.runner.given.count, 1);
    end();
}

/* It was being entered when the worker took it back, and was cancelled meanwhile. */
static void what_was_cancelled_and_skipped_is_not_handed_out_again(void **state)
{
    (void)state;
    begin();
    bench.runner.given.head->why = WHY_CANCELLED;
    frame_put_seq(&bench.theirs.out, FRAME_SKIP, 1);
    frame_put_seq(&bench.theirs.out, FRAME_SKIP, 2);
    assert_int_equal(channel_flush(&bench.theirs), 0);
    atomic_store(&bench.page.ended, 2);
    process_settle_succeeded(&bench.runner);
    assert_int_equal(bench.worker.ended.count, 1);
    assert_int_equal(bench.worker.ended.head->end.status, JOB_CANCELLED);
    assert_int_equal(bench.worker.ready.count, 1);
    assert_int_equal(bench.worker.ready.head->seq, 2);
    end();
}

/* The first job, which may run twice, has failed at 2; the worker hears of it while it ends at
 * once. */
static void fail_while_stopping(enum stop_why why, int64_t stop_us)
{
    begin();
    claims[0].retries = 1;
    bench.worker.stop = STOP_NOW;
    bench.runner.given.head->why = why;
    bench.runner.given.head->stop_us = stop_us;
    assert_true(progress_enter(&bench.page, 1, 1));
    frame_put_end(&bench.theirs.out, &(struct frame_end){.seq = 1,
                                                         .kind = END_FAILED,
                                                         .error_type = "",
                                                         .error_message = "",
                                                         .error = "",
                                                         .started_us = 1,
                                                         .ended_us = 2});
    assert_int_equal(channel_flush(&bench.theirs), 0);
    atomic_store(&bench.page.ended, 1);
    process_settle_succeeded(&bench.runner);
}

static void what_failed_before_it_was_stopped_has_failed(void **state)
{
    static const enum stop_why whys[] = {WHY_NONE, WHY_SHUTDOWN};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(whys); i++) {
        fail_while_stopping(whys[i], 3);
        assert_int_equal(bench.worker.returning.count, 0);
        assert_int_equal(bench.worker.ended.count, 1);
        assert_int_equal(bench.worker.ended.head->end.status, JOB_ERRORED);
        end();
    }
}

static void what_failed_since_it_was_stopped_goes_back(void **state)
{
    (void)state;
    fail_while_stopping(WHY_SHUTDOWN, 2);
    assert_int_equal(bench.worker.returning.count, 1);
    assert_int_equal(bench.worker.ended.count, 0);
    end();
}

/* Killed between the two: nobody has called it. */
static void what_a_dead_runner_had_not_quite_entered_is_not_lost(void **state)
{
    (void)state;
    begin();
    atomic_store(&bench.page.entered, 1);
    process_judge(&bench.runner, &(struct child_end){.exit_code = -1, .exit_signal = SIGKILL});
    assert_int_equal(bench.worker.ended.count, 0);
    assert_int_equal(bench.worker.ready.count, JOBS);
    end();
}

HARNESS_MAIN(what_failed_before_it_was_stopped_has_failed,
             what_failed_since_it_was_stopped_goes_back,
             what_a_dead_runner_had_not_quite_entered_is_not_lost,
             a_job_that_ends_while_the_page_is_read_keeps_its_output,
             the_job_behind_one_that_is_to_be_stopped_is_spared, one_that_still_runs_is_told,
             what_was_cancelled_and_skipped_is_not_handed_out_again, a_hook_hides_no_end_behind_it,
             an_answer_to_a_question_that_was_not_asked_breaks_the_channel,
             a_question_that_was_not_answered_leads_to_a_retry_at_once,
             who_leaves_is_not_killed_and_keeps_no_job, who_sends_for_ever_is_heard_out_no_longer,
             who_cannot_be_written_to_is_ended_unless_it_ends,
             what_comes_along_with_a_log_record_is_handled)
