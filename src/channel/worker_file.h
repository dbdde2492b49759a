/*
 * worker_file.h - a worker's memory of what it handed out, as a file that outlives it
 *
 *     page 0              head: which worker of which database, its processes, its lease's deadline
 *     a part per runner   struct progress, on page boundaries
 *
 * The worker makes the file, whole and locked, under another name and then renames it; it and its
 * runners hold the lock by the descriptor that they share. Everybody writes through a mapping, so
 * nothing is lost when a process is killed, and no write can fail: the file has all of its blocks
 * from the start. Only the machine's death takes it away (or leaves half of it): the boot's name in
 * the head tells.
 *
 * Whoever finds the file of another worker reads it after all checks; what does not pass them says
 * nothing, and then only the lease counts. Processes are judged by number and start, not by the
 * lock: a child of a job can keep the lock, and a job that closes descriptors can give it away.
 */
#ifndef PLAIN_CHANNEL_WORKER_FILE_H
#define PLAIN_CHANNEL_WORKER_FILE_H

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>
#include <plain/jobs/uuid.h>

#include "base/compiler.h"
#include "base/process_mark.h"
#include "channel/progress.h"

enum { WORKER_FILE_IDS = 2 };

struct worker_file_id {
    plain_uuid id;
    uint64_t check;
};

struct worker_file_head {
    char magic[8];
    uint64_t size; /* of the file */
    uint32_t runner_count;
    uint32_t part_size;
    char boot_id[BOOT_ID_SIZE];
    uint64_t pid_namespace;
    uint64_t database; /* see worker_file_database() */
    int64_t lease_ms;
    struct process_mark worker;
    uint64_t check;                             /* of all above */
    struct worker_file_id ids[WORKER_FILE_IDS]; /* the worker's id, and the one before */
    _Atomic int64_t deadline_us; /* clock_boot_us() until which jobs may run; 0: none is here */
    /* clock_boot_us() until which the row of ids[0] may still come to be: its registration was sent
     * to a server, and no reply was read. 0: it was. */
    _Atomic int64_t undecided_until_us;
};

struct worker_file {
    int fd; /* -1: none */
    struct worker_file_head *head;
    size_t size;
    char path[PATH_MAX];
};

/* A number that stands for a database: files of others are none of our business. */
uint64_t worker_file_database(const char *identity);

/* ---- the worker ---- */

/* PLAIN_E_REFUSED (PJ621) when a living process holds the file of that name; PLAIN_E_IO (PJ622)
 * when it cannot be made, for lack of room too. */
int worker_file_create(struct worker_file *f, const char *path, int runner_count, uint64_t database,
                       int64_t lease_ms, plain_error *err) PLAIN_MUST_USE;
/* The worker's id from now on; the one before is kept beside it. */
void worker_file_set_id(struct worker_file *f, const plain_uuid *id);
struct progress *worker_file_part(const struct worker_file *f, int runner);
/* Unmaps and closes. unlink: nothing in it is needed any more. */
void worker_file_release(struct worker_file *f, bool unlink);

/* ---- a runner ---- */

/* Its own part, to be written, and the head, to be read. PLAIN_E_IO (PJ622) when they cannot be
 * mapped. */
int worker_file_join(int fd, int runner, struct progress **part,
                     const struct worker_file_head **head, plain_error *err) PLAIN_MUST_USE;

/* ---- another worker ---- */

/* Maps a file read-only and checks its head. PLAIN_NONE when it is gone, or cannot be looked at for
 * lack of descriptors or memory; PLAIN_E_INVALID with the reason when it does not pass its checks,
 * of another boot or namespace too. */
int worker_file_read(struct worker_file *f, const char *path, plain_error *err) PLAIN_MUST_USE;
/* Whether every entry of every part is one that can be. */
bool worker_file_is_sound(const struct worker_file *f);
/* Whether any process that is recorded in it runs, or may. */
bool worker_file_has_life(const struct worker_file *f);
/* Whether nobody holds the lock of the file of that name: surely. */
bool worker_file_is_free(const char *path);

/* What stands behind the name of a file while it is made. */
#define WORKER_FILE_BEGUN ".new"
/* Removes a file of such a name when its maker is dead: it holds the lock until the file is whole.
 */
void worker_file_remove_begun(const char *name);

#endif
