/*
 * who.h - who gives a command, as it is written down: "cli(ada@job1)"
 */
#ifndef PLAIN_CLI_WHO_H
#define PLAIN_CLI_WHO_H

#include "base/arena.h"

/* The user of this process and its host; parts that cannot be found out are "?". NULL: no memory.
 */
const char *who_am_i(struct arena *a);

#endif
