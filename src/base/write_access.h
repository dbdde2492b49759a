/*
 * write_access.h - whether somebody else could change a file that this program trusts
 *
 * A file that its group may write is its owner's alone where the group is: many systems give each
 * user a group of their own and a umask of 002, so that whatever is made or cloned there has such a
 * mode.
 */
#ifndef PLAIN_BASE_WRITE_ACCESS_H
#define PLAIN_BASE_WRITE_ACCESS_H

#include <stdbool.h>
#include <sys/stat.h>

/* True: its mode lets nobody but its owner write. A group is the owner's where it has the same name
 * and is their first one, with no other member in the group's own list (group(5)); one that cannot
 * be looked up is not. Asks the databases of users and groups, which may block, only for a file
 * that its group may write. Any thread. */
bool write_access_is_owners(const struct stat *st);

#endif
