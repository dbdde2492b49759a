/*
 * dev.h - several programs under one: started, their lines shown, started again, ended together
 *
 * One that ends with 0 is done; one that ends otherwise, or cannot be started, is started again,
 * after 0.5 s, then 1, 2, 4 ... 30 s. It ends when all are done, and when stdout takes no more, by
 * an error (PJ705) unless it is a reader that has gone.
 *
 * SIGTERM, SIGINT or SIGHUP: the last one first, each is told by SIGTERM to its process group; a
 * second signal tells them again; a third one, or the end of the grace, kills what is left. A
 * program and all that it has started ends with us, however we end.
 *
 * Where stdout has no room they wait with what they print, but not once they are told to end: what
 * is then too much for who does not read is lost.
 */
#ifndef PLAIN_CLI_DEV_H
#define PLAIN_CLI_DEV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

struct dev_program {
    const char *name;
    const char *path; /* with a '/' as it is, else found in PATH */
    char *const *argv;
    bool ends_alone; /* when it dies, all that it has started does: it needs no keeper */
};

struct dev_options {
    const struct dev_program *programs;
    size_t count;
    int64_t grace_ms;
    bool colours; /* on stdout */
    bool quiet;   /* only their lines, none of ours */
};

int dev_run(const struct dev_options *options, plain_error *err) PLAIN_MUST_USE;

#endif
