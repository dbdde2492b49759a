/* progress_test.c - a job is entered or taken back, never both */
#include "channel/progress.h"

#include <pthread.h>
#include <string.h>

#include "base/compiler.h"
#include "tests/harness/harness.h"

enum { JOBS = 200000 };

static struct progress *new_page(void)
{
    static struct progress pages[32];
    static size_t used;

    assert_true(used < ARRAY_SIZE(pages));
    return &pages[used++];
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
}

static void what_has_no_entry_leaves_that_of_another_alone(void **state)
{
    static const plain_uuid token = {{1}};
    struct progress *p = new_page();

    (void)state;
    (void)progress_give(p, 1 + PROGRESS_RING, &token);
    assert_true(progress_begin_unnoted(p, 1, 0));
    assert_int_equal(atomic_load(&p->entered), 1);
    assert_int_equal(atomic_load(&progress_entry(p, 1)->state), PROGRESS_GIVEN);
    assert_int_equal(progress_revoke(p, 4), 1);
    assert_false(progress_begin_unnoted(p, 2, 0));
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
}

static const plain_uuid token = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

static void an_entry_tells_how_far_an_attempt_came(void **state)
{
    const struct progress_times times = {.started_us = 1, .ended_us = 2, .cpu_us = 3};
    const struct progress_how how = {.exit_code = 1};
    struct progress *p = new_page();
    size_t length = 0;

    (void)state;
    for (uint64_t seq = 1; seq <= 4; seq++) {
        assert_int_equal(progress_next_free(p, seq), seq);
        (void)progress_give(p, seq, &token);
        assert_int_equal(progress_next_free(p, seq), seq + 1);
    }
    assert_true(progress_enter(p, 2, 0));
    assert_true(progress_enter(p, 3, 0));
    progress_succeed(p, 3, &times);
    assert_true(progress_enter(p, 4, 0));
    assert_true(progress_end(p, 4, &how, &times, "words", 5));
    assert_int_equal(atomic_load(&progress_entry(p, 1)->state), PROGRESS_GIVEN);
    assert_int_equal(atomic_load(&progress_entry(p, 2)->state), PROGRESS_ENTERED);
    assert_int_equal(atomic_load(&progress_entry(p, 3)->state), PROGRESS_SUCCEEDED);
    assert_int_equal(progress_entry(p, 3)->times.ended_us, 2);
    assert_int_equal(atomic_load(&progress_entry(p, 4)->state), PROGRESS_ENDED);
    assert_memory_equal(progress_frame(p, progress_entry(p, 4), &length), "words", 5);
    assert_int_equal(length, 5);
    progress_forget(progress_entry(p, 4));
    assert_int_equal(progress_next_free(p, 4), 4);
    progress_forget(NULL);
}

static void a_place_that_stays_in_use_is_passed_over(void **state)
{
    struct progress *p = new_page();

    (void)state;
    (void)progress_give(p, 1, &token);
    assert_int_equal(progress_next_free(p, PROGRESS_RING + 1), PROGRESS_RING + 2);
    for (uint64_t seq = 2; seq <= PROGRESS_RING; seq++)
        (void)progress_give(p, seq, &token);
    assert_int_equal(progress_next_free(p, PROGRESS_RING + 1), 0);
    progress_forget(progress_entry(p, PROGRESS_RING));
    assert_int_equal(progress_next_free(p, PROGRESS_RING + 1), 2 * PROGRESS_RING);
}

static void a_revoked_attempt_is_not_entered_in_its_entry_either(void **state)
{
    struct progress *p = new_page();

    (void)state;
    for (uint64_t seq = 1; seq <= 2; seq++)
        (void)progress_give(p, seq, &token);
    assert_int_equal(progress_revoke(p, 3), 0);
    assert_false(progress_enter(p, 1, 0));
    assert_int_equal(atomic_load(&progress_entry(p, 1)->state), PROGRESS_GIVEN);
}

static void a_frame_that_was_overwritten_is_not_shown(void **state)
{
    const struct progress_how how = {.delay_ms = 7, .kind = 1};
    const struct progress_times times = {.ended_us = 2};
    static char frame[PROGRESS_FRAMES_SIZE / 2 + 1];
    struct progress *p = new_page();
    size_t length;

    (void)state;
    memset(frame, 'x', sizeof(frame));
    assert_false(progress_end(p, 1, &how, &times, frame, sizeof(frame)));
    for (uint64_t seq = 1; seq <= 3; seq++) {
        frame[0] = (char)seq;
        assert_true(progress_end(p, seq, &how, &times, frame, sizeof(frame) - 1));
    }
    assert_null(progress_frame(p, progress_entry(p, 1), &length));
    assert_int_equal(progress_entry(p, 1)->how.delay_ms, how.delay_ms);
    assert_int_equal(progress_entry(p, 1)->times.ended_us, times.ended_us);
    assert_non_null(progress_frame(p, progress_entry(p, 2), &length));
    assert_non_null(progress_frame(p, progress_entry(p, 3), &length));
    progress_entry(p, 3)->frame_at = UINT32_MAX;
    assert_null(progress_frame(p, progress_entry(p, 3), &length));
}

static void what_cannot_be_is_not_sound(void **state)
{
    struct progress *p = new_page();
    struct progress_entry *e = progress_give(p, 5, &token);

    (void)state;
    assert_true(progress_entry_is_sound(p, 5));
    assert_true(progress_entry_is_sound(p, 6));
    e->token.bytes[3] ^= 1;
    assert_false(progress_entry_is_sound(p, 5));
    e->token.bytes[3] ^= 1;
    atomic_store(&e->state, PROGRESS_STATES);
    assert_false(progress_entry_is_sound(p, 5));
    atomic_store(&e->state, PROGRESS_ENTERED);
    assert_true(progress_entry_is_sound(p, 5));
    atomic_store(&e->seq, 6);
    assert_false(progress_entry_is_sound(p, 5));
}

/* A process of the runner that comes after another leaves what that one had. */
static void a_new_process_goes_on_with_the_numbers(void **state)
{
    const struct process_mark nobody = {0};
    struct progress *p = new_page();

    (void)state;
    (void)progress_give(p, 1, &token);
    assert_true(progress_enter(p, 1, 0));
    progress_begin(p, 2, &nobody);
    assert_int_equal(atomic_load(&progress_entry(p, 1)->state), PROGRESS_ENTERED);
    assert_int_equal(atomic_load(&p->ended), 1);
    (void)progress_give(p, 2, &token);
    assert_int_equal(progress_revoke(p, 3), 1);
    assert_false(progress_enter(p, 2, 0));
}

/* What progress_output() gives, as text. */
static const char *output_of(struct progress *p, const struct progress_entry *e, int64_t *missing)
{
    static char text[PROGRESS_OUTPUT_SIZE + 1];

    size_t n = progress_output(p, e, text, missing);
    assert_int_equal(progress_output(p, e, NULL, missing), n);
    text[n] = '\0';
    return text;
}

static void what_an_attempt_wrote_is_its_own(void **state)
{
    struct progress *p = new_page();
    struct progress_entry *a = progress_give(p, 1, &token), *b = progress_give(p, 2, &token);
    int64_t missing;

    (void)state;
    assert_string_equal(output_of(p, a, &missing), "");
    progress_note_output(p, a, "one ", 4);
    progress_note_output(p, a, "two", 3);
    progress_note_output(p, b, "three", 5);
    assert_string_equal(output_of(p, a, &missing), "one two");
    assert_int_equal(missing, 0);
    assert_string_equal(output_of(p, b, &missing), "three");
    progress_note_output(p, a, "late", 4); /* behind another's: what was before is not shown */
    assert_string_equal(output_of(p, a, &missing), "late");
    assert_int_equal(missing, 7);
    assert_string_equal(output_of(p, b, &missing), "three");
    b = progress_give(p, 2, &token); /* the place of another attempt */
    assert_string_equal(output_of(p, b, &missing), "");
}

static void the_last_of_it_is_kept_however_it_came(void **state)
{
    static const size_t pieces[] = {1, 7, 4096, 65535, 65536, 65537, 200000};
    static char all[3 * 200000];
    int64_t missing;

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)('a' + i * 7 % 26);
    for (size_t k = 0; k < sizeof(pieces) / sizeof(pieces[0]); k++) {
        struct progress *p = new_page();
        struct progress_entry *before = progress_give(p, 1, &token);
        struct progress_entry *e = progress_give(p, 2, &token);
        size_t total = pieces[k] < 1000 ? 70000 / pieces[k] * pieces[k] : 3 * pieces[k];

        progress_note_output(p, before, "of the one before", 17);
        for (size_t at = 0; at < total; at += pieces[k])
            progress_note_output(p, e, all + at, pieces[k]);
        size_t kept = total < PROGRESS_OUTPUT_SIZE ? total : PROGRESS_OUTPUT_SIZE;
        const char *text = output_of(p, e, &missing);
        assert_int_equal(strlen(text), kept);
        assert_memory_equal(text, all + total - kept, kept);
        assert_int_equal(missing, total - kept);
        assert_string_equal(output_of(p, before, &missing),
                            total == kept ? "of the one before" : "");
    }
}

/* Its worker was killed between the two. */
static void a_copy_that_was_cut_short_is_not_shown(void **state)
{
    struct progress *p = new_page();
    struct progress_entry *e = progress_give(p, 1, &token);
    static char much[PROGRESS_OUTPUT_SIZE];
    int64_t missing;

    (void)state;
    memset(much, 'x', sizeof(much));
    progress_note_output(p, e, much, sizeof(much));
    atomic_store(&p->output_begun, sizeof(much) + 100);
    assert_int_equal(strlen(output_of(p, e, &missing)), sizeof(much) - 100);
    assert_int_equal(missing, 100);
    atomic_store(&p->output_begun, 5); /* and a page that a job has written to */
    assert_int_equal(progress_output(p, e, NULL, &missing), 0);
    atomic_store(&p->output_begun, UINT64_MAX);
    atomic_store(&p->output_noted, UINT64_MAX);
    e->output_to = UINT64_MAX;
    assert_int_equal(progress_output(p, e, NULL, &missing), 0);
    e->output_from = 9;
    e->output_to = 8;
    assert_int_equal(progress_output(p, e, NULL, &missing), 0);
}

HARNESS_MAIN(what_an_attempt_wrote_is_its_own, the_last_of_it_is_kept_however_it_came,
             a_copy_that_was_cut_short_is_not_shown, an_entry_tells_how_far_an_attempt_came,
             a_place_that_stays_in_use_is_passed_over,
             a_revoked_attempt_is_not_entered_in_its_entry_either,
             a_frame_that_was_overwritten_is_not_shown, what_cannot_be_is_not_sound,
             a_new_process_goes_on_with_the_numbers, what_has_no_entry_leaves_that_of_another_alone,
             what_was_taken_back_is_not_entered_and_later_jobs_are,
             no_job_is_both_entered_and_taken_back)
