/*
 * snapshot.h - what the files looked like that a reloading worker depends on
 *
 * Events only say that something happened; two snapshots say whether anything is different. So a
 * build that writes a module, a file that is touched twice and a burst of events cost one look.
 *
 * Looked at are, in the current folder and those below it: *.c and *.h (the sources), *.so and
 * *.conf; .env* in the current folder; every file of jobs.d; and the files that are named. Passed
 * over are folders that begin with '.', node_modules, symbolic links to folders except for jobs.d,
 * app and app/<folder>, and the copies that editors leave. Files are told apart by size, mode,
 * inode and time of change.
 */
#ifndef PLAIN_WORKER_SNAPSHOT_H
#define PLAIN_WORKER_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/compiler.h"

enum { SNAPSHOT_FOLDERS_MAX = 1000, SNAPSHOT_DEPTH_MAX = 16 };

struct snapshot_file {
    const char
        *path; /* relative to the current folder, "app/jobs.c"; a named one as it was named */
    int64_t size, changed_ns;
    ino_t inode;
    mode_t mode;
};

struct snapshot {
    struct arena arena;
    struct snapshot_file *files; /* sorted by path */
    size_t count;
    bool incomplete; /* there are more folders, or deeper ones, than are looked at */
};

#define SNAPSHOT_INIT                                                                              \
    {                                                                                              \
        .arena = ARENA_INIT                                                                        \
    }

/* Called with each folder before it is read, "." first: what changes afterwards can be noticed.
 * Also with the folder of each named file and the one above it, up to one that is there. */
typedef void snapshot_folder_fn(const char *folder, void *user);

/* Files that vanish meanwhile and folders that cannot be read are not there. named: count more
 * files to look at, which need not exist. fn may be NULL. Fails for want of memory alone. */
int snapshot_take(const char *const *named, size_t count, snapshot_folder_fn *fn, void *user,
                  struct snapshot *out, plain_error *err) PLAIN_MUST_USE;
void snapshot_release(struct snapshot *s); /* leaves it empty */

/* Whether a file of this name in this folder is looked at, named ones apart. */
bool snapshot_wants(const char *folder, const char *name);

/* The path of a file that is different, new or gone in b; NULL when all is the same. */
const char *snapshot_difference(const struct snapshot *a, const struct snapshot *b);

/* Whether nothing is different but modules (*.so). */
bool snapshot_is_same_but_modules(const struct snapshot *a, const struct snapshot *b);

/* A number for all *.c and *.h: the same only when they are all as they were. */
uint64_t snapshot_sources(const struct snapshot *s);

/* Whether a source app/jobs.c or app/<folder>/jobs.c has no module beside it. */
bool snapshot_lacks_module(const struct snapshot *s);

/* Whether there is a source, and a module is missing or older than the newest source. */
bool snapshot_is_stale(const struct snapshot *s);

#endif
