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
             the_class_is_what_lacks_when_another_serves_the_queue, the_words_name_what_helps)
