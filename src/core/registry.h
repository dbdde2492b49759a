/*
 * registry.h - the job classes that a process has: C classes of modules and executables of jobs.d
 *
 * An executable is a job class too: its name is its file name, and a section of plain.conf gives it
 * what a class has. Names are unique over both, aliases included (PJ107). Threads: built by one,
 * then read by any.
 */
#ifndef PLAIN_CORE_REGISTRY_H
#define PLAIN_CORE_REGISTRY_H

#include <stddef.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "core/middleware.h"

struct registry;

struct job_entry {
    const char *name;
    const char *doc;            /* "" when there is none */
    const char *origin;         /* "app/jobs.so", "jobs.d/hello" */
    const plain_job_class *cls; /* NULL for an executable without a section in plain.conf */
    const char *path;  /* of an executable, absolute, or a command; NULL for a class in C */
    char *const *argv; /* of a command of a schedule, NULL-terminated; else NULL */
};

struct registry *registry_new(void) PLAIN_MUST_USE; /* NULL when out of memory */
void registry_free(struct registry *r);

/* Adds the classes and the middleware of a module: PJ109 for another ABI, PJ110, PJ107. origin is
 * copied. */
int registry_add_module(struct registry *r, const plain_module *module, const char *origin,
                        plain_error *err) PLAIN_MUST_USE;

/* The middleware that a JSON array names (the value of JOBS_MIDDLEWARE), the outermost first: the
 * library's own and that of the modules. The chain lives as long as the registry. PJ111 for a name
 * that there is not. */
int registry_chain(struct registry *r, const char *json, struct middleware_chain *out,
                   plain_error *err) PLAIN_MUST_USE;

/* Takes the sections `job NAME { ... }` (see job_section.h) for executables that are added after
 * this; once. PJ202 for a form that is not theirs. */
int registry_take_sections(struct registry *r, const char *json, plain_error *err) PLAIN_MUST_USE;

/* PJ202 for a section whose name is no executable's, once all are added. */
int registry_check_sections(const struct registry *r, plain_error *err) PLAIN_MUST_USE;

/* Adds the executables of a folder; a folder that does not exist adds nothing. Files that begin
 * with '.' or end with '~' and folders are passed over. PJ106: not executable, writable by others
 * than its owner, not a regular file, name not [A-Za-z_][A-Za-z0-9_.-]* or longer than 255; PJ107:
 * shadows a class; PJ202: its section cannot be. The doc is its section's, or the first comment
 * line behind the #! line of a script. */
int registry_add_folder(struct registry *r, const char *folder, plain_error *err) PLAIN_MUST_USE;

/* Adds the command of a schedule, whose name is the schedule's: run as it stands, without a shell
 * of ours. All is copied. PJ107: there is such a name. */
int registry_add_command(struct registry *r, const char *name, const char *origin,
                         const char *const *argv, size_t argc, plain_error *err) PLAIN_MUST_USE;

/* By name or alias; NULL when there is none. */
const struct job_entry *registry_find(const struct registry *r, const char *name);
/* PJ101 for a name that is not there: nearest name, names that are. Returns PLAIN_E_NOT_FOUND. */
int registry_unknown(const struct registry *r, const char *name, plain_error *err);

size_t registry_count(const struct registry *r);
const struct job_entry *registry_at(const struct registry *r, size_t i); /* sorted by name */

#endif
