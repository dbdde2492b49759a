/*
 * keeper.h - a program that ends with us, and so does all that it has started
 *
 * The kernel ends a child with its parent, but not the child's own children: a killed `plain dev`
 * would leave what a script runs. So between us and the program stands a keeper: an exec of our own
 * image that leads the process group in which the program runs, and kills the group when the pipe
 * that we hold is closed. It passes over SIGTERM, SIGINT and SIGHUP, which are the program's, and
 * ends as the program ended.
 */
#ifndef PLAIN_WORKER_KEEPER_H
#define PLAIN_WORKER_KEEPER_H

#include <uv.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "worker/loop_child.h"

/* argv[1] of a keeper; the path of the program and its words follow. */
#define KEEPER_COMMAND "plain-keeper"

enum { KEEPER_NOT_STARTED = 127 }; /* its exit code when the program cannot be started */

/* main() of a keeper: argv as keeper_start made it. */
int keeper_main(int argc, char **argv);

/* Zeroed: none. */
struct kept {
    struct loop_child process;
    int hold; /* our end of the pipe, while it runs */
    loop_child_fn *fn;
    void *user;
};

struct keeper_spec {
    const char *path; /* with a '/' as it is, else found in PATH */
    char *const *argv;
    int out, err_out; /* its stdout and stderr */
};

/* Starts a program in a group of its own. The memory of k is the caller's and must stay until fn
 * was called. */
int keeper_start(uv_loop_t *loop, const struct keeper_spec *program, loop_child_fn *fn, void *user,
                 struct kept *k, plain_error *err) PLAIN_MUST_USE;

#endif
