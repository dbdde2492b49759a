/*
 * neighbours.h - the files of other workers on this host: who is dead, and what it had in hand
 *
 * A look reads the heads of the files in the folder that belong to the same database. A worker none
 * of whose recorded processes lives is dead, at once. One that lives, and whose deadline by this
 * machine's clock is yet to come, is not dead whatever the database's clock says. Files that do not
 * pass their checks and that nobody holds are removed: their jobs wait for the lease.
 *
 * Threads: one at a time.
 */
#ifndef PLAIN_WORKER_NEIGHBOURS_H
#define PLAIN_WORKER_NEIGHBOURS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/uuid.h>

#include "channel/worker_file.h"
#include "store/store.h"

struct neighbours {
    char folder[PATH_MAX];
    char own[PATH_MAX]; /* path of this worker's file */
    uint64_t database;
    struct worker_file dead_files[STORE_DEAD_MAX / WORKER_FILE_IDS];
    size_t file_count;
    plain_uuid dead[STORE_DEAD_MAX]; /* their ids */
    size_t dead_count;
    plain_uuid living[STORE_DEAD_MAX];
    size_t living_count;
};

/* Looks; dead files are kept open until neighbours_close(). */
void neighbours_look(struct neighbours *n);
/* Closes the dead files. Those of which nothing is left in the database, and nothing can come, are
 * removed. found: what the database says of neighbours.dead; NULL when nobody asked it. True when
 * no dead file is left. */
bool neighbours_close(struct neighbours *n, const struct rescue_result *found);

/* For whoever only tells of workers: those are stale whose file in that folder says that they are
 * dead. Nothing is removed. */
void neighbours_mark_dead(const char *folder, struct worker_view *workers, size_t count);

/* What the file of a dead worker says of an attempt. */
enum verdict_kind {
    VERDICT_UNKNOWN,   /* there is no file: it may have been entered */
    VERDICT_UNENTERED, /* surely not */
    VERDICT_ENTERED,   /* and it did not end */
    VERDICT_SUCCEEDED,
    VERDICT_ENDED /* otherwise: frame, or NULL when its words are gone */
};
struct verdict {
    enum verdict_kind kind;
    int runner_pid;
    struct progress_times times; /* this machine's monotonic clock */
    struct progress_how how;     /* when ENDED */
    const char *frame;           /* in the file: to be copied before it is closed */
    size_t frame_length;
    const struct progress *page; /* in the file: of which entry is; NULL: it was not handed out */
    const struct progress_entry *entry;
};
struct verdict neighbours_judge(const struct neighbours *n, const plain_uuid *worker,
                                const plain_uuid *token);

#endif
