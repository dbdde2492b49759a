/*
 * write_all.h - write(2) until all is written, also where the descriptor does not block
 *
 * Whoever made the pipe or opened the terminal may have made it so: it is waited for all the same.
 */
#ifndef PLAIN_BASE_WRITE_ALL_H
#define PLAIN_BASE_WRITE_ALL_H

#include <stddef.h>

/* Waits at most patience_ms each time that there is no room; -1: as long as it takes. 0, or an
 * error's number, ETIMEDOUT when there was no room in time. Threads: any. */
int write_all(int fd, const char *p, size_t n, int patience_ms);

#endif
