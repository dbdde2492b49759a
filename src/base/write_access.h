/*
 * write_access.h - whether somebody else could change a file that this program trusts
 *
 * A file that its group may write is its owner's alone where the group is: many systems give each
 * user a group of their own and a umask of 002, so that whatever is made or cloned there has such a
 * mode.
 */
#ifndef PLAIN_BASE_WRITE_ACCESS_H
#define PLAIN_BASE_WRITE_ACCESS_H

#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <sys/stat.h>

/* True: the file at path, whose mode is in st, can be written by nobody but its owner, and root.
 * Only for one that its group may write the databases of users and groups are asked, which may
 * block; a group that cannot be looked up is not the owner's, and an access control list (acl(5))
 * could give anybody what the mode's bits for the group allow. Any thread. */
bool write_access_is_owners(const struct stat *st, const char *path);

/* Whether the group is this user's alone: it has their name, is their first group, and its list of
 * members (group(5)) names nobody else. */
bool write_access_is_own_group(const struct passwd *owner, const struct group *group);

#endif
