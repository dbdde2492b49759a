/*
 * process_mark.h - knowing a process again, although numbers are used again
 *
 * A process is known by its number and the moment at which it started, in ticks since the machine
 * did. That holds within one boot and one namespace of process numbers, which have names too.
 */
#ifndef PLAIN_BASE_PROCESS_MARK_H
#define PLAIN_BASE_PROCESS_MARK_H

#include <stdbool.h>
#include <stdint.h>

struct process_mark {
    int32_t pid; /* 0: none */
    int32_t reserved;
    uint64_t start; /* 0: unknown */
};

/* start is 0 when there is no such process, or when it has ended and is not reaped. */
struct process_mark process_mark_of(int pid);
/* Whether it still runs. One that has ended and is not reaped does not. One that cannot be looked
 * at, for lack of descriptors, does. */
bool process_mark_lives(const struct process_mark *mark);
/* Whether no process runs by that number: surely. */
bool process_is_gone(int pid);

enum { BOOT_ID_SIZE = 40 };
/* "f2b1...": another one after every start of the machine; "" when it cannot be read. */
void process_boot_id(char out[BOOT_ID_SIZE]);
/* 0 when it cannot be read. */
uint64_t process_namespace(void);

#endif
