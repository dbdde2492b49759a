/*
 * interrupt.h - SIGINT, SIGTERM and SIGHUP for a command that has to clean up behind it
 *
 * Between interrupt_begin() and interrupt_end() such a signal ends nothing: the command asks for
 * it, where it waits and between its steps, cleans up, and then dies of it, as a shell expects. One
 * that was ignored stays so. One at a time in a process; threads: the main one.
 */
#ifndef PLAIN_CLI_INTERRUPT_H
#define PLAIN_CLI_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

struct interrupt {
    int fd;     /* a signalfd */
    int number; /* of the signal that came first; 0: none has */
    sigset_t before;
};

int interrupt_begin(struct interrupt *i, plain_error *err) PLAIN_MUST_USE;

/* Whether one has come. */
bool interrupt_came(struct interrupt *i);

enum interrupt_wait {
    INTERRUPT_CAME,  /* a signal: nothing was waited for any longer */
    INTERRUPT_FIRST, /* the first descriptor is readable, or its other end closed */
    INTERRUPT_SECOND,
    INTERRUPT_TIMEOUT
};
/* Waits for either descriptor (-1: none) for at most ms (-1: without end). What is readable counts
 * before a signal does. */
enum interrupt_wait interrupt_wait(struct interrupt *i, int first, int second, int ms);

/* Ends the watch. Does not return when a signal came: the process dies of it. */
void interrupt_end(struct interrupt *i);

/* The same for a command that runs until it is told to stop: a signal that came is no failure. */
void interrupt_end_well(struct interrupt *i);

#endif
