/*
 * conformance_audit.h - what operators change: what is noted of it, what is deleted, who is told;
 * by the store's verbs (conformance_audit.c) and by the functions of plain/jobs/operators.h
 * (conformance_actions.c)
 *
 * A program per database: AUDIT_MAIN(&postgres, tests of its own ...).
 */
#ifndef PLAIN_TESTS_STORE_CONFORMANCE_AUDIT_H
#define PLAIN_TESTS_STORE_CONFORMANCE_AUDIT_H

#include <plain/jobs.h>

#include "tests/store/conformance.h"

#define AUDIT_MAP(X)                                                                               \
    X(what_holds_back_is_noted_when_it_changes_something)                                          \
    X(asking_a_worker_is_noted)                                                                    \
    X(cancelling_and_purging_are_noted)                                                            \
    X(schedules_and_retries_by_hand_are_noted)                                                     \
    X(the_audit_pages_and_filters)                                                                 \
    X(a_pending_job_is_deleted_with_its_results_and_its_key)                                       \
    X(a_running_job_that_is_deleted_is_asked_to_end)                                               \
    X(an_ended_job_is_deleted_by_its_request)                                                      \
    X(an_attempt_is_deleted_alone)                                                                 \
    X(deleting_what_is_not_there_is_none)                                                          \
    X(a_job_that_is_claimed_meanwhile_is_deleted_or_asked)                                         \
    X(a_running_row_says_who_wants_its_end)                                                        \
    X(a_worker_that_is_asked_is_told)                                                              \
    X(queues_and_classes_are_paused_in_c)                                                          \
    X(workers_are_asked_in_c)                                                                      \
    X(jobs_are_deleted_in_c)                                                                       \
    X(jobs_are_retried_in_c)                                                                       \
    X(bad_input_is_refused_in_c)

#define AUDIT_DECLARE(test) void test(void **state);
AUDIT_MAP(AUDIT_DECLARE)
#undef AUDIT_DECLARE

/* The newest rows of the audit, of this job or worker or (NULL) all. */
struct audit_row *audit_rows(struct bench *b, const plain_uuid *uuid, size_t *count);
/* Fails unless the tables are as the queue guarantees. */
void audit_assert_sound(struct bench *b);

/* Deletes a job in a transaction of the application's, which rolls back, and in one that commits.
 * run() runs SQL on the connection that jobs has adopted. */
void audit_delete_adopted(struct bench *b, const plain_uuid *uuid, plain_jobs *jobs,
                          void (*run)(void *connection, const char *sql), void *connection);

/* At least one test of the database's own has to be named. */
#define AUDIT_MAIN(database, ...)                                                                  \
    int main(void)                                                                                 \
    {                                                                                              \
        static harness_test *const tests[] = {AUDIT_MAP(CONFORMANCE_TEST) __VA_ARGS__};            \
        conformance_use(database);                                                                 \
        return harness_run(__FILE__, AUDIT_MAP(CONFORMANCE_NAME) #__VA_ARGS__, tests,              \
                           sizeof(tests) / sizeof(tests[0]));                                      \
    }

#endif
