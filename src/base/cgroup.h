/*
 * cgroup.h - what the control group of this process allows and tells
 *
 * Version 2 (cpu.max, memory.events) and version 1 (cpu.cfs_quota_us, memory.oom_control), where
 * Linux distributions mount them. A limit of any group above counts as well. In a container that
 * does not see its own group's path, the group is what is mounted. root is "" but in tests, which
 * put their own /proc and /sys below it.
 */
#ifndef PLAIN_BASE_CGROUP_H
#define PLAIN_BASE_CGROUP_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* Whole CPUs of the tightest quota, rounded up, at least 1; 0: there is no quota. */
int cgroup_cpus(const char *root);

/* CPUs that this process may use, by its affinity and its quota; at least 1. */
int cpus_allowed(void);

/* How often the kernel has killed a process of the group since memory ran out; -1: not told. */
int64_t cgroup_oom_kills(const char *root);

/* The group of this process in the tree of version 2, "/system.slice/app.service"; false: there is
 * none. group.h says where that is mounted. */
bool cgroup_of_version_2(const char *root, char out[PATH_MAX]);

#endif
