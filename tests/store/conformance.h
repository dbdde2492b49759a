/*
 * conformance.h - what store.h promises, as ONE suite of tests for every database
 *
 * A test program per database says how an empty database is made and runs the suite, with tests of
 * its own behind it:
 *
 *     static const struct conformance_database sqlite = {.fresh = fresh, .number = number};
 *     CONFORMANCE_MAIN(&sqlite, a_cut_link_is_reported, ...)
 *
 * Each test has a database of its own, migrated or a copy of a migrated one. The SQL that the suite
 * runs by hand is portable and names tables without a schema.
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_H
#define PLAIN_TESTS_STORE_CONFORMANCE_H

#include <stddef.h>
#include <stdint.h>

#include "tests/harness/harness.h"

#include "store/store.h"

struct conformance_database {
    /* The URL of a database without our tables, made now, that nobody else uses. Kept by the
     * callee to the end of the program; fails the test when it cannot be made. */
    const char *(*fresh)(void);
    /* Runs one statement on that database over a connection of the tests, committed. Returns the
     * first column of the first row as a number, 0 without a row. Fails the test on an error. */
    int64_t (*number)(const char *url, const char *sql);
    /* The URL of a new database with what that one holds; NULL where migrating is as cheap. */
    const char *(*copy)(const char *url);
};

#define CONFORMANCE_MAP(X)                                                                         \
    /* conformance_claim.c */                                                                      \
    X(claims_by_priority_then_due_time_then_id)                                                    \
    X(a_delayed_job_waits_and_the_next_due_time_is_told)                                           \
    X(a_start_time_in_the_past_goes_ahead_of_later_jobs)                                           \
    X(claims_from_several_queues_in_one_order)                                                     \
    X(claims_nothing_of_other_queues)                                                              \
    X(claims_only_classes_that_the_worker_knows)                                                   \
    X(claims_at_most_the_limit)                                                                    \
    X(a_claim_has_every_value_of_its_request)                                                      \
    X(an_empty_cycle_tells_the_time)                                                               \
    X(delayed_jobs_of_high_priority_do_not_hide_due_ones)                                          \
    X(two_claimers_never_share_a_job)                                                              \
    X(texts_of_every_kind_come_back_as_they_were)                                                  \
    X(parameters_of_one_mebibyte_come_back)                                                        \
    /* conformance_end.c */                                                                        \
    X(an_end_is_recorded_with_every_value)                                                         \
    X(limits_go_from_the_request_to_its_successor)                                                 \
    X(an_attempt_ends_once)                                                                        \
    X(an_unknown_token_changes_nothing)                                                            \
    X(a_retry_is_linked_both_ways)                                                                 \
    X(a_deferral_keeps_the_attempt_and_raises_the_run)                                             \
    X(a_released_claim_is_the_same_request_again)                                                  \
    X(a_request_made_meanwhile_is_the_released_claim)                                              \
    X(a_released_claim_cannot_end)                                                                 \
    X(ends_releases_and_claims_share_a_cycle)                                                      \
    X(a_thousand_ends_and_claims_in_one_cycle)                                                     \
    X(a_failing_cycle_changes_nothing)                                                             \
    X(an_end_without_texts_and_numbers_is_null)                                                    \
    X(an_end_keeps_a_long_error)                                                                   \
    /* conformance_key.c */                                                                        \
    X(a_held_key_is_skipped_and_names_the_pending_holder)                                          \
    X(a_held_key_is_skipped_and_names_the_processing_holder)                                       \
    X(a_key_is_held_per_class)                                                                     \
    X(a_key_is_freed_by_the_end)                                                                   \
    X(a_key_passes_to_the_successor)                                                               \
    X(a_key_stays_with_a_released_claim)                                                           \
    X(a_key_is_one_over_sixteen_threads)                                                           \
    X(a_key_row_remains_only_while_it_is_held)                                                     \
    X(a_repeated_uuid_is_one_job_in_every_state)                                                   \
    X(a_repeated_uuid_with_a_key_is_one_job)                                                       \
    X(a_repeated_uuid_is_one_job_while_only_its_retry_is_left)                                     \
    /* conformance_view.c */                                                                       \
    X(stats_equal_the_rows)                                                                        \
    X(counters_are_kept_by_minute_and_class)                                                       \
    X(lists_page_by_id_newest_first)                                                               \
    X(lists_filter_by_class_queue_and_status)                                                      \
    X(finds_the_whole_life_by_any_uuid)                                                            \
    X(finds_nothing_for_an_unknown_uuid)                                                           \
    X(a_retry_by_hand_continues_the_job)                                                           \
    X(a_retry_by_hand_is_refused_twice)                                                            \
    X(a_retry_by_hand_continues_what_lost_its_end)                                                 \
    X(a_retry_by_hand_of_a_held_key_is_skipped)                                                    \
    X(a_retry_by_hand_of_nothing_is_none)                                                          \
    /* conformance_slots.c */                                                                      \
    X(a_schedule_begins_when_it_is_first_seen)                                                     \
    X(the_later_start_wins_a_schedule)                                                             \
    X(a_changed_schedule_moves_its_mark_with_its_times_only)                                       \
    X(a_removed_schedule_begins_anew)                                                              \
    X(a_schedule_of_an_earlier_start_is_not_removed)                                               \
    X(slots_and_their_job_are_one_transaction)                                                     \
    X(a_slot_is_accounted_for_once)                                                                \
    X(a_slot_that_stands_in_the_ledger_is_not_run)                                                 \
    X(slots_of_another_definition_are_refused)                                                     \
    X(a_slot_whose_key_is_held_is_skipped_and_names_the_holder)                                    \
    X(a_slot_whose_rule_says_no_is_skipped)                                                        \
    X(a_slot_whose_rule_says_yes_is_run)                                                           \
    X(a_failing_account_changes_nothing)                                                           \
    X(a_schedule_is_busy_until_its_job_has_ended)                                                  \
    X(a_schedule_is_paused_once_and_skips_until_it_is_resumed)                                     \
    X(a_schedule_is_paused_before_it_is_declared)                                                  \
    X(a_schedule_is_run_by_hand)                                                                   \
    X(old_slots_are_forgotten_a_slice_at_a_time)                                                   \
    X(schedules_are_listed_by_name)                                                                \
    X(one_of_eight_threads_accounts_for_a_slot)                                                    \
    /* conformance_lease.c */                                                                      \
    X(a_worker_without_a_row_claims_nothing)                                                       \
    X(a_worker_whose_lease_is_over_claims_nothing)                                                 \
    X(a_heartbeat_needs_the_row)                                                                   \
    X(a_lapsed_worker_is_rescued_and_told_when_it_comes_back)                                      \
    X(a_dead_worker_is_rescued_before_its_lease_is_over)                                           \
    X(a_living_worker_is_spared_when_the_clock_jumps)                                              \
    X(two_rescuers_do_not_share_a_dead_worker)                                                     \
    X(a_rescuer_that_stops_is_relieved)                                                            \
    X(a_rescuer_that_leaves_is_relieved_at_once)                                                   \
    X(jobs_of_a_worker_without_a_row_wait_for_a_lease)                                             \
    X(a_row_without_a_lease_length_has_300_seconds)                                                \
    X(orphans_come_in_slices)                                                                      \
    X(what_is_claimed_is_seen_by_the_rescuer)                                                      \
    /* conformance_wake.c */                                                                       \
    X(an_enqueue_wakes_who_waits)                                                                  \
    X(many_enqueued_at_once_wake_who_waits)                                                        \
    X(a_statement_by_hand_wakes_who_waits)                                                         \
    X(a_job_that_goes_back_wakes_who_waits)                                                        \
    X(nobody_else_is_told)                                                                         \
    X(a_look_sees_what_is_due)                                                                     \
    X(a_look_behind_another_sees_what_came)                                                        \
    /* conformance_source.c */                                                                     \
    X(a_source_is_asked_for_all)                                                                   \
    X(a_source_that_fails_leaves_nothing)                                                          \
    X(an_empty_source_is_fine)                                                                     \
    /* conformance_schema.c */                                                                     \
    X(an_empty_database_has_no_schema)                                                             \
    X(migrates_once_and_then_nothing)                                                              \
    X(migrates_by_two_threads_at_once)                                                             \
    X(a_newer_schema_is_refused)                                                                   \
    X(the_migrations_as_text_make_the_same_schema)                                                 \
    X(a_scratch_place_lies_beside_and_is_discarded)                                                \
    X(nothing_but_a_scratch_place_is_discarded)                                                    \
    X(tells_what_a_commit_waits_for)                                                               \
    X(the_table_of_functions_is_complete)

#define CONFORMANCE_DECLARE(test) void test(void **state);
CONFORMANCE_MAP(CONFORMANCE_DECLARE)
#undef CONFORMANCE_DECLARE

#define CONFORMANCE_TEST(test) test,
#define CONFORMANCE_NAME(test) #test ","

/* A program of other tests that are written with what stands below. */
#define DATABASE_MAIN(database, ...)                                                               \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {__VA_ARGS__};                                        \
        conformance_use(database);                                                                 \
        return harness_run(__FILE__, #__VA_ARGS__, tests, sizeof(tests) / sizeof(tests[0]));       \
    }

/* At least one test of the database's own has to be named. */
#define CONFORMANCE_MAIN(database, ...)                                                            \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {CONFORMANCE_MAP(CONFORMANCE_TEST) __VA_ARGS__};      \
        conformance_use(database);                                                                 \
        return harness_run(__FILE__, CONFORMANCE_MAP(CONFORMANCE_NAME) #__VA_ARGS__, tests,        \
                           sizeof(tests) / sizeof(tests[0]));                                      \
    }

void conformance_use(const struct conformance_database *database);
const char *conformance_fresh_url(void);

/*
 * What the tests are written with, for a database's own tests too. All of it fails the test when
 * the store fails.
 */

enum { BENCH_LEASE_MS = 3600 * 1000 }; /* longer than any test takes, under valgrind too */

struct bench {
    const char *url;
    struct store *store;
    struct arena arena; /* what claim_some() and the like return; freed by bench_close() */
    struct worker_identity worker;
    plain_error err;
};

void bench_open(struct bench *b);                            /* a fresh database, migrated     */
void bench_join(struct bench *b, const struct bench *other); /* another store on the same one */
void bench_register(struct bench *b);                        /* its worker; both of the above do */
void bench_close(struct bench *b);

int64_t bench_number(const struct bench *b, const char *sql);
int64_t bench_rows(const struct bench *b, const char *table); /* "plainjobs_jobrequest" */

/* A request of class "Job" on "default" with a fresh uuid, to be changed by the test. */
struct new_request request_default(void);
/* Enqueues; PLAIN_OK or PLAIN_SKIPPED. */
int bench_try_enqueue(struct bench *b, const struct new_request *r, plain_request *out);
/* Enqueues; returns its uuid. */
plain_uuid bench_enqueue(struct bench *b, const struct new_request *r);

/* A source of such requests, which are there, but count as made only when they were asked for. */
struct bench_source {
    struct request_source source;
    struct new_request *requests; /* to be changed by the test */
    plain_request *out;
    size_t made, calls;
    size_t limit; /* who asks for more gets PLAIN_E_INVALID */
    void (*while_asked)(const struct bench_source *, void *user); /* NULL: nothing */
    void *user;
};
void bench_source_open(struct bench_source *s, size_t count);
void bench_source_close(struct bench_source *s);
/* Enqueues all of it once more, as if nothing of it was made. */
int bench_source_run(struct bench_source *s, struct bench *b);

/* One cycle as this bench's worker. */
struct cycle_result bench_cycle(struct bench *b, const struct cycle *c);
plain_uuid *bench_tokens(struct bench *b, size_t count);
/* Claims at most limit jobs of class "Job" from "default". */
struct cycle_result bench_claim(struct bench *b, size_t limit);
/* The same from these queues and classes, each list ending in NULL. */
struct cycle_result bench_claim_from(struct bench *b, const char *const *queues,
                                     const char *const *classes, size_t limit);
/* Exactly one job, claimed. */
struct claim bench_claim_one(struct bench *b);

/* An end of this claim without anything in it but times, to be changed by the test. */
struct job_end end_of(const struct claim *c, enum job_status status);
/* Writes one end; returns how many attempts it ended. */
size_t bench_end(struct bench *b, const struct job_end *end);
size_t bench_release(struct bench *b, const plain_uuid *token);

struct job_row *bench_find(struct bench *b, const plain_uuid *uuid, size_t *count);
struct job_row *bench_list(struct bench *b, enum job_table table, const struct row_filter *filter,
                           size_t *count);

/* The newest 1,000. */
struct job_row *bench_all(struct bench *b, enum job_table table, size_t *count);

#define assert_uuid_equal(a, b)     assert_memory_equal((a).bytes, (b).bytes, 16)
#define assert_uuid_not_equal(a, b) assert_memory_not_equal((a).bytes, (b).bytes, 16)

#endif
