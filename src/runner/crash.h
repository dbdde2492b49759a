/*
 * crash.h - what a runner leaves behind when a job kills it
 *
 * For SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS and SIGXCPU the call stack is written into
 * memory that the worker shares, and what stdio holds of stdout is written, on a stack of its own
 * (so that a stack overflow is told too); then the signal is raised again with its default action,
 * so that the worker sees the true cause.
 */
#ifndef PLAIN_RUNNER_CRASH_H
#define PLAIN_RUNNER_CRASH_H

#include "channel/progress.h"

/* progress stays mapped as long as the process. */
void crash_install(struct progress *progress);

#endif
