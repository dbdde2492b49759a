/*
 * group.h - control groups of version 2 that we make ourselves
 *
 * A group is a folder of the cgroup2 file system. Processes may only stand in groups without
 * children that have controllers (the kernel's "no internal processes"), so whoever is handed a
 * part of the tree, by systemd's Delegate= or by a container, first moves itself into a group
 * below. Nothing here may be relied on: each function says whether it worked.
 */
#ifndef PLAIN_BASE_GROUP_H
#define PLAIN_BASE_GROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* The folder of the group that this process is in; false when there is no version 2 here. root as
 * in cgroup.h. */
bool group_own(const char *root, char out[PATH_MAX]);

/* Why the group and all below it is not for us to arrange, in words; NULL: it is. Delegated is what
 * systemd marks so, what belongs to us below what does not, and what a container has for its root.
 */
const char *group_why_not_ours(const char *folder);

/* Makes it; one that is there is fine. */
bool group_make(const char *folder);
/* Only of one with no process in it: false, as long as some that were killed are still ending. */
bool group_remove(const char *folder);

/* Moves a process there, with all its threads. */
bool group_move(const char *folder, int pid);
/* Whether a process is in it or below it; true when that is not told. */
bool group_has_life(const char *folder);
/* SIGKILL to all in it, to those too that are being started. */
void group_kill(const char *folder);
/* A signal to all in it but ourselves. */
void group_signal_others(const char *folder, int signal);

/* Writes a text to one of its files, "memory.max". */
bool group_put(const char *folder, const char *file, const char *text);
/* The number in a file, or behind a word at the start of a line ("oom_kill" of memory.events); -1:
 * there is none. */
int64_t group_number(const char *folder, const char *file, const char *word);
/* Whether a word stands in a file that is a list of words: "memory" in cgroup.controllers. */
bool group_has_word(const char *folder, const char *file, const char *word);

#endif
