/*
 * conformance_transactions.h - what queue.h, postgres.h and sqlite.h promise of transactions, many
 * jobs at once and a class's own rule, as ONE suite for every database
 *
 *     TRANSACTIONS_MAIN(&application, a_busy_connection_is_refused, ...)
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_TRANSACTIONS_H
#define PLAIN_TESTS_STORE_CONFORMANCE_TRANSACTIONS_H

#include <plain/jobs.h>

#include "tests/store/conformance.h"

/* An application that has the database open. */
struct application {
    const struct conformance_database *database;
    void *(*connect)(const char *url);
    void (*disconnect)(void *connection);
    /* One statement or several; fails the test on an error. */
    void (*run)(void *connection, const char *sql);
    /* Adopts; schema as `plain migrate` made it. */
    int (*adopt)(void *connection, plain_jobs **out, plain_error *err);
    const char *begin;                                  /* a transaction that writes */
    bool (*try_run)(void *connection, const char *sql); /* whether it worked */
    const char *const *begins;  /* every kind of transaction; ends in NULL */
    const char *const *changes; /* what others do to requests with the key 'k'; ends in NULL */
};

#define TRANSACTIONS_MAP(X)                                                                        \
    X(a_commit_enqueues)                                                                           \
    X(a_rollback_leaves_no_request_and_no_key)                                                     \
    X(an_enqueue_outside_a_transaction_commits_itself)                                             \
    X(a_held_key_leaves_the_transaction_usable)                                                    \
    X(a_savepoint_of_the_application_undoes_the_enqueue)                                           \
    X(a_refused_value_leaves_the_transaction_usable)                                               \
    X(closing_the_handle_leaves_the_connection_open)                                               \
    X(adopting_without_tables_says_migrate)                                                        \
    X(adopting_nothing_is_refused)                                                                 \
    X(a_child_is_told_that_it_forked)                                                              \
    X(a_repeated_uuid_in_a_transaction_is_one_job)                                                 \
    X(memory_that_runs_out_leaves_the_transaction_usable)                                          \
    X(many_commit_or_roll_back_together)                                                           \
    X(many_answer_each_item)                                                                       \
    X(many_of_used_uuids_are_one_job_each)                                                         \
    X(many_keep_their_order_and_values)                                                            \
    X(many_thousands_with_keys)                                                                    \
    X(many_by_eight_threads_share_each_key)                                                        \
    X(many_with_a_late_bad_item_write_nothing)                                                     \
    X(many_with_a_late_uuid_twice_write_nothing)                                                   \
    X(many_with_late_keys_take_each_once)                                                          \
    X(a_rule_counts_exactly)                                                                       \
    X(a_rule_takes_no_key_row)                                                                     \
    X(a_row_says_that_it_takes_no_key)                                                             \
    X(a_row_does_not_say_so_without_a_rule)                                                        \
    X(a_rule_that_skips_writes_nothing)                                                            \
    X(a_rule_that_fails_writes_nothing)                                                            \
    X(a_rule_is_not_asked_for_a_used_uuid)                                                         \
    X(a_rule_holds_over_sixteen_threads)                                                           \
    X(a_rule_holds_in_transactions_of_the_application)                                             \
    X(a_key_is_one_whatever_transactions_do)

#define TRANSACTIONS_DECLARE(test) void test(void **state);
TRANSACTIONS_MAP(TRANSACTIONS_DECLARE)
#undef TRANSACTIONS_DECLARE

void transactions_use(const struct application *used);
const struct application *transactions_application(void);

#define TRANSACTIONS_MAIN(application, ...)                                                        \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {TRANSACTIONS_MAP(CONFORMANCE_TEST) __VA_ARGS__};     \
        transactions_use(application);                                                             \
        return harness_run(__FILE__, TRANSACTIONS_MAP(CONFORMANCE_NAME) #__VA_ARGS__, tests,       \
                           sizeof(tests) / sizeof(tests[0]));                                      \
    }

/* A migrated database, a connection of the application and a handle on it. */
struct scene {
    struct bench bench;
    void *connection;
    plain_jobs *jobs;
    plain_error err;
};
void scene_open(struct scene *s);
void scene_join(struct scene *s, const struct scene *other); /* on the same database */
void scene_close(struct scene *s);
void scene_run(struct scene *s, const char *sql);
/* Enqueues a job of the class "Job" with that key, "" for none. Fails the test on a failure. */
int scene_enqueue(struct scene *s, const char *key, plain_request *request);
void scene_enqueues(struct scene *s, const char *key); /* and is PLAIN_OK */

extern const plain_job_class Job;

#endif
