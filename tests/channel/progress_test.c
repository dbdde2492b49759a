/* progress_test.c - a job is entered or taken back, never both */
#include "channel/progress.h"

#include <pthread.h>
#include <unistd.h>

#include "tests/harness/harness.h"

enum { JOBS = 200000 };

static struct progress *new_page(void)
{
    struct progress *p = NULL;
    int fd = -1;

    assert_int_equal(progress_new(&p, &fd, NULL), PLAIN_OK);
    (void)close(fd);
    return p;
}

static void both_sides_see_the_same_page(void **state)
{
    struct progress *ours = NULL;
    int fd = -1;

    (void)state;
    assert_int_equal(progress_new(&ours, &fd, NULL), PLAIN_OK);
    struct progress *theirs = progress_map(fd);
    assert_non_null(theirs);
    assert_true(progress_enter(theirs, 1, 42));
    assert_int_equal(atomic_load(&ours->entered), 1);
    assert_int_equal(atomic_load(&ours->entered_us), 42);
    (void)close(fd);
    progress_unmap(theirs);
    progress_unmap(ours);
}

static void what_was_taken_back_is_not_entered_and_later_jobs_are(void **state)
{
    struct progress *p = new_page();

    (void)state;
    assert_true(progress_enter(p, 1, 0));
    assert_int_equal(progress_revoke(p, 4), 1); /* 2 and 3 are ours again */
    assert_false(progress_enter(p, 2, 0));
    assert_false(progress_enter(p, 3, 0));
    atomic_store(&p->ended, 3);
    assert_true(progress_enter(p, 4, 0));
    assert_int_equal(progress_revoke(p, 5), 4); /* nothing is behind it */
    assert_true(progress_enter(p, 5, 0));
    progress_unmap(p);
}

/* One thread enters jobs while the other takes back what it can, again and again. */
struct race {
    struct progress *page;
    unsigned char entered[JOBS + 1];
};

static void *enter_all(void *argument)
{
    struct race *race = argument;

    for (uint64_t seq = 1; seq <= JOBS; seq++) {
        race->entered[seq] = progress_enter(race->page, seq, 0);
        atomic_store(&race->page->ended, seq);
    }
    return NULL;
}

static void no_job_is_both_entered_and_taken_back(void **state)
{
    static struct race race;
    static unsigned char taken[JOBS + 1];
    uint64_t next = 1, entered;
    pthread_t thread;

    (void)state;
    race.page = new_page();
    assert_int_equal(pthread_create(&thread, NULL, enter_all, &race), 0);
    do {
        entered = atomic_load(&race.page->entered);
        next = entered + 1000 < JOBS ? entered + 1000 : JOBS + 1;
        entered = progress_revoke(race.page, next);
        for (uint64_t seq = entered + 1; seq < next; seq++)
            taken[seq] = 1;
    } while (entered < JOBS);
    assert_int_equal(pthread_join(thread, NULL), 0);
    for (uint64_t seq = 1; seq <= JOBS; seq++)
        assert_false(race.entered[seq] && taken[seq]);
    progress_unmap(race.page);
}

HARNESS_MAIN(both_sides_see_the_same_page, what_was_taken_back_is_not_entered_and_later_jobs_are,
             no_job_is_both_entered_and_taken_back)
