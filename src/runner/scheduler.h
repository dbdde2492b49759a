/*
 * scheduler.h - the process of a worker that sees to the slots of its schedules
 *
 * A runner that runs no jobs: functions of job classes decide a scheduled job's queue, key and so
 * on, and user code runs in no other process of a worker. It is exec'ed like a runner, loads the
 * same modules, opens a store of its own and enqueues what is due, whether the runners are busy or
 * not. It ends by itself when there is nothing to see to, and dies with its worker: every
 * slot is one transaction, so it may be killed at any point.
 */
#ifndef PLAIN_RUNNER_SCHEDULER_H
#define PLAIN_RUNNER_SCHEDULER_H

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "core/settings.h"
#include "queue/schedules.h"

#define SCHEDULER_COMMAND "plain-scheduler"

/* Where modules stand: module i is at SCHEDULER_FD_MODULES + i. */
enum { SCHEDULER_FD_MODULES = 3 };

/* The exit code that says so: code of a module may call exit(0). */
enum { SCHEDULER_NOTHING_TO_DO = 40 };

/* What a worker hands over to its runners and scheduler, in the environment. */
#define RUNNER_SCHEDULES     "PLAIN_RUNNER_SCHEDULES"
#define RUNNER_JOBS_SCHEDULE "PLAIN_RUNNER_JOBS_SCHEDULE"
#define RUNNER_TIME_ZONE     "PLAIN_RUNNER_TIME_ZONE"
#define RUNNER_SLOTS_KEEP    "PLAIN_RUNNER_SLOTS_KEEP_MS"
#define SCHEDULER_URL        "PLAIN_RUNNER_SCHEDULER_URL" /* to the scheduler alone */

struct schedule_sources scheduler_sources(const struct settings *settings);

/* Sets the variables from the settings. PJ202: JOBS_SCHEDULE is not of its form, or too long. */
int scheduler_hand_over(const struct settings *settings, plain_error *err) PLAIN_MUST_USE;
/* Reads them; and out of the environment with them, so that no job sees them. */
struct schedule_sources scheduler_handed_over(void);
void scheduler_forget_handed_over(void);

/* main() of a scheduler. argv: program, SCHEDULER_COMMAND, start of the worker by the database's
 * clock, its name for people, how often the scheduler was started before, paths of the modules. */
int scheduler_main(int argc, char **argv, const plain_module *own);

#endif
