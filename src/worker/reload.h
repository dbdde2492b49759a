/*
 * reload.h - `plain jobs worker --reload`: a worker that follows its sources
 *
 * The process that was started stays in front as a supervisor: it watches files, builds, and runs
 * the worker as its child, a *generation*: an exec of the same program with GENERATION_COMMAND in
 * front of the worker's words. After a change the next generation is started, and when it is
 * ready to take jobs the one before is told to stop as by SIGTERM: it puts back what it has not
 * started and finishes what runs, on the code that it was started with. So there is no time in
 * which nobody claims, and a generation that cannot start changes nothing.
 *
 * Installs handlers for SIGTERM, SIGINT and SIGHUP while it runs: the first one stops every
 * generation gracefully, each further one is passed on to them. A generation ends with its
 * supervisor, however that ends.
 */
#ifndef PLAIN_WORKER_RELOAD_H
#define PLAIN_WORKER_RELOAD_H

#include <stddef.h>

#include <plain/jobs/error.h>

/* argv[1] of a generation; the words of the worker follow. */
#define GENERATION_COMMAND "plain-generation"
/* On this descriptor it writes a byte when it is ready, and closes it. */
enum { GENERATION_READY_FD = 3 };

/* What is asked anew before each generation, since plain.conf may have changed. */
struct reload_plan {
    char *const *build; /* command and its words; first word "plain": this program. NULL: none */
    const char *const *files; /* more files to watch */
    size_t file_count;
};

struct reload_options {
    const char *program; /* what a generation executes: "/proc/self/exe", or a path of which the
                            newest file counts */
    char *const *argv;   /* of a generation */
    /* What it gives lasts until it is asked again and succeeds. */
    int (*plan)(void *user, struct reload_plan *out, plain_error *err);
    void *user;
};

/* Runs until it is told to stop or the worker stops by itself (PLAIN_OK); fails when the first
 * generation cannot work at all, as the worker alone would. */
int reload_run(const struct reload_options *options, plain_error *err);

#endif
