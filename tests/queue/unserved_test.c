/* unserved_test.c - which waiting jobs nobody takes */
#include "queue/unserved.h"

#include <string.h>

#include "tests/harness/harness.h"

static const char *const mails[] = {"mail*"};
static const char *const has_job[] = {"Job"};

static struct worker_view worker_of(const char *const *queues, const char *const *classes)
{
    return (struct worker_view){.queues = queues,
                                .queue_count = 1,
                                .classes = classes,
                                .class_count = 1,
                                .tells_classes = true};
}

static void a_worker_serves_its_queues_and_classes(void **state)
{
    const struct worker_view w = worker_of(mails, has_job);

    (void)state;
    assert_int_equal(service_of(&w, 1, "mailing", "Job"), SERVED);
    assert_int_equal(service_of(&w, 1, "slow", "Job"), NO_QUEUE);
    assert_int_equal(service_of(&w, 1, "mail", "Other"), NO_CLASS);
    assert_int_equal(service_of(&w, 0, "mail", "Job"), NO_WORKER);
}

static void one_that_takes_no_more_serves_nothing(void **state)
{
    struct worker_view w = worker_of(mails, has_job);

    (void)state;
    w.stale = true;
    assert_int_equal(service_of(&w, 1, "mail", "Job"), NO_WORKER);
    w.stale = false;
    w.wish = WISH_QUIET;
    assert_int_equal(service_of(&w, 1, "mail", "Job"), NO_WORKER);
}

static void one_of_another_program_is_believed_to_run_all(void **state)
{
    struct worker_view w = worker_of(mails, has_job);

    (void)state;
    w.tells_classes = false;
    assert_int_equal(service_of(&w, 1, "mail", "Other"), SERVED);
}

static void the_class_is_what_lacks_when_another_serves_the_queue(void **state)
{
    static const char *const slow[] = {"slow"};
    const struct worker_view workers[] = {worker_of(mails, has_job), worker_of(slow, has_job)};

    (void)state;
    assert_int_equal(service_of(workers, 2, "mail", "Other"), NO_CLASS);
}

/* For the class Job in the queue mail, of the first count. */
static struct takers takers(const struct worker_view *workers, size_t count)
{
    return takers_of(workers, count, "mail", "Job");
}

static void those_that_take_a_job_are_busy_when_each_is(void **state)
{
    struct worker_view workers[] = {worker_of(mails, has_job), worker_of(mails, has_job)};

    (void)state;
    assert_false(takers(workers, 0).are_busy);
    workers[0].capacity = 3;
    workers[0].running = 4; /* one of them is held ahead */
    workers[1].capacity = 2;
    workers[1].running = 1;
    assert_true(takers(workers, 1).are_busy);
    assert_false(takers(workers, 2).are_busy);
    assert_false(takers(workers + 1, 1).are_busy);
    workers[1].running = 2;
    struct takers t = takers(workers, 2);
    assert_true(t.are_busy);
    assert_int_equal(t.workers, 2);
    assert_int_equal(t.runners, 5);
}

static void those_that_do_not_take_a_job_do_not_count(void **state)
{
    static const char *const slow[] = {"slow"};
    struct worker_view workers[] = {worker_of(slow, has_job), worker_of(mails, has_job)};

    (void)state;
    workers[1].capacity = 1;
    workers[1].running = 1;
    struct takers t = takers(workers, 2);
    assert_true(t.are_busy);
    assert_int_equal(t.workers, 1);
    assert_int_equal(t.runners, 1);
    workers[1].wish = WISH_QUIET;
    assert_false(takers(workers, 2).are_busy);
}

static void one_that_does_not_tell_how_many_it_runs_is_not_busy(void **state)
{
    struct worker_view w = worker_of(mails, has_job);

    (void)state;
    w.capacity = -1;
    w.running = 1;
    assert_false(takers(&w, 1).are_busy);
}

static void check_words(const struct unserved *u, const char *message, const char *fix)
{
    struct buf b = BUF_INIT(4096);

    unserved_put_message(&b, u);
    assert_string_equal(b.data, message);
    buf_reset(&b);
    unserved_put_fix(&b, u);
    assert_non_null(strstr(b.data, fix));
    buf_release(&b);
}

static void the_words_name_what_helps(void **state)
{
    (void)state;
    check_words(&(struct unserved){.lacks = NO_QUEUE, .queue = "mail", .count = 12},
                "12 jobs wait in queue mail, and no worker works for it",
                "plain jobs worker --queue mail");
    check_words(&(struct unserved){.lacks = NO_WORKER, .queue = "mail", .count = 1},
                "1 job waits in queue mail, and no worker is running that takes new jobs",
                "plain jobs worker --queue mail");
    check_words(
        &(struct unserved){.lacks = NO_CLASS, .queue = "mail", .job_class = "Old", .count = 2},
        "2 jobs of class Old wait in queue mail, and no worker there has it", "plain jobs list");
}

HARNESS_MAIN(a_worker_serves_its_queues_and_classes, one_that_takes_no_more_serves_nothing,
             one_of_another_program_is_believed_to_run_all,
             the_class_is_what_lacks_when_another_serves_the_queue,
             those_that_take_a_job_are_busy_when_each_is, those_that_do_not_take_a_job_do_not_count,
             one_that_does_not_tell_how_many_it_runs_is_not_busy, the_words_name_what_helps)
