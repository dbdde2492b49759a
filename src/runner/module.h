/*
 * module.h - finding and loading job modules
 *
 * A module is a shared object with one symbol, plain_module_v1. The worker opens the files and
 * holds their descriptors, so that all its runners load the same build even when a file is
 * replaced; loading goes through /proc/self/fd/N. Only runners, `plain jobs list`, `run` and
 * `enqueue` load one: never the worker.
 */
#ifndef PLAIN_RUNNER_MODULE_H
#define PLAIN_RUNNER_MODULE_H

#include <stddef.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "base/arena.h"
#include "core/registry.h"
#include "core/settings.h"

/* Where executables stand, in the folder of the program that looks. */
#define EXECUTABLES_FOLDER "jobs.d"

/* app/jobs.so, app/<folder>/jobs.so (sorted) where they exist, then JOBS_MODULES, each once. */
int module_paths(const struct settings *settings, struct arena *a, const char *const **paths,
                 size_t *count, plain_error *err) PLAIN_MUST_USE;

/* Opens path for reading, with close-on-exec: PJ108 when it cannot be. */
int module_open(const char *path, int *fd, plain_error *err) PLAIN_MUST_USE;

/* Loads the module behind fd (which stays open) into r; path is for messages. PJ108, PJ109. */
int module_load(struct registry *r, int fd, const char *path, plain_error *err) PLAIN_MUST_USE;

/* A registry of everything that this program has: its own module (NULL: none), modules of the
 * settings, executables of jobs.d. The caller frees it. */
int module_load_all(const struct settings *settings, const plain_module *own, struct registry **out,
                    plain_error *err) PLAIN_MUST_USE;

/* Whether the executables of jobs.d and the sections for them can be used. Loads no module: what a
 * worker asks before it starts anything. */
int module_check_executables(const struct settings *settings, plain_error *err) PLAIN_MUST_USE;

#endif
