/*
 * runner.h - the process in which jobs run
 *
 * A runner is started by a worker: exec of /proc/self/exe with RUNNER_COMMAND as its first argument
 * and descriptors that channel/channel.h lists. It loads the modules, describes the classes to the
 * worker, then runs one job at a time until the channel is closed.
 */
#ifndef PLAIN_RUNNER_RUNNER_H
#define PLAIN_RUNNER_RUNNER_H

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "core/registry.h"

#define RUNNER_COMMAND "plain-runner"

/* Arguments: RUNNER_COMMAND, the worker's uuid, the place in the worker's file, the folder of the
 * runner's control group or "", then the paths of the modules behind the descriptors. */
enum { RUNNER_GROUP_AT = 4, RUNNER_MODULES_AT = 5 };

/* The variable by which a worker hands over its settings_sections() of jobs. One variable holds no
 * more than the kernel's 128 KiB. */
#define RUNNER_SECTIONS "PLAIN_RUNNER_SECTIONS"
enum { RUNNER_SECTIONS_MAX = 100 * 1024 };

/* The same for JOBS_MIDDLEWARE, as a JSON array of names. */
#define RUNNER_MIDDLEWARE "PLAIN_RUNNER_MIDDLEWARE"

/* main() of a runner: argv as the worker made it; own: the program's module or NULL. */
int runner_main(int argc, char **argv, const plain_module *own);

/* Runs one attempt here and now, without a worker or a database, for `plain jobs run`. stored: the
 * parameters as they would be stored. PLAIN_OK; PLAIN_E_JOB (PJ601, PJ603, PJ604) with the job's
 * own type and message; PLAIN_NONE when the job deferred itself. */
int runner_run_here(const struct job_entry *entry, const struct middleware_chain *chain,
                    const char *stored, plain_error *err) PLAIN_MUST_USE;

#endif
