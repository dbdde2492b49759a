/*
 * statm.h - how much memory a process uses, from /proc/PID/statm (proc(5))
 */
#ifndef PLAIN_BASE_STATM_H
#define PLAIN_BASE_STATM_H

#include <stdint.h>

/* The numbers of the file that we use, by their place in it. */
enum statm_field {
    STATM_RESIDENT = 1,
    STATM_DATA = 5 /* data and stack: what RLIMIT_DATA counts */
};

/* In bytes, of this process (pid 0) or another; -1 when it cannot be told, since it has ended. */
int64_t statm_bytes(int pid, enum statm_field field);

#endif
