/*
 * groups.h - files that imitate /proc and the tree of control groups, below a root of their own
 */
#ifndef PLAIN_TESTS_GROUPS_H
#define PLAIN_TESTS_GROUPS_H

#include <limits.h>

#include "base/compiler.h"

const char *groups_new_root(void); /* with nothing in it */
const char *groups_root(void);     /* the last one */

/* Makes the file, with this in it, and the folders above it; path begins with '/'. */
void groups_put(const char *path, const char *text);
void groups_putf(const char *text, const char *format, ...) PLAIN_PRINTF(2, 3);
/* What is in a file; "" when it is not there. Valid until the next call. */
const char *groups_text(const char *path);

/* Where version 2 is mounted on this machine and we may make groups; NULL: nowhere. */
const char *groups_real_tree(void);

#endif
