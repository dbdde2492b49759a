#include "worker/neighbours.h"

#include <ctype.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/uuid.h"

/* "w" and eight hexadecimal digits (see worker.c), and this behind them. */
static bool is_ours(const char *name, const char *ending)
{
    enum { LENGTH = 9 };

    if (name[0] != 'w')
        return false;
    for (int i = 1; i < LENGTH; i++) {
        if (!isxdigit((unsigned char)name[i]))
            return false;
    }
    return strcmp(name + LENGTH, ending) == 0;
}

static bool has_room(const struct neighbours *n)
{
    return n->file_count < ARRAY_SIZE(n->dead_files);
}

/* What a dead runner's job had started, and nobody told to end. A number that a living process has
 * is another's by now; one that leads a group is not used again while the group has members. Those
 * of a runner that its worker reaped were ended, and the number may be anybody's group. Long after
 * the lease it may be as well: of a daemon whose first process had that number. */
static void end_groups(const struct worker_file *f)
{
    enum { RECENT_S = 600 };

    if (clock_boot_us() > atomic_load(&f->head->deadline_us) + (int64_t)RECENT_S * US_PER_S)
        return;
    for (uint32_t i = 0; i < f->head->runner_count; i++) {
        const struct process_mark *runner = &worker_file_part(f, (int)i)->runner;

        if (runner->pid > 1 && runner->start != 0 && process_is_gone(runner->pid))
            (void)kill(-runner->pid, SIGKILL);
    }
}

static void add_dead(struct neighbours *n, const struct worker_file *f)
{
    for (int i = 0; i < WORKER_FILE_IDS; i++) {
        if (!uuid_is_zero(&f->head->ids[i].id) && n->dead_count < STORE_DEAD_MAX)
            n->dead[n->dead_count++] = f->head->ids[i].id;
    }
    end_groups(f);
    n->dead_files[n->file_count++] = *f;
}

/* Alive, and its deadline is in the future that a lease can have. */
static void add_living(struct neighbours *n, const struct worker_file *f)
{
    enum { DAY_S = 86400 };
    int64_t left = atomic_load(&f->head->deadline_us) - clock_boot_us();

    if (left > 0 && left <= (int64_t)DAY_S * US_PER_S && n->living_count < STORE_DEAD_MAX)
        n->living[n->living_count++] = f->head->ids[0].id;
}

static void drop_damaged(const char *path, const char *why)
{
    if (!worker_file_is_free(path))
        return;            /* its worker lives, where we cannot see it */
    if (unlink(path) == 0) /* what stays would be told at each look */
        log_event(LOG_WARNING, "Worker file not used", LOG_TEXT("error", why));
}

static void look_at(struct neighbours *n, const char *path)
{
    struct worker_file f;
    plain_error err;
    int r = worker_file_read(&f, path, &err);

    if (r < 0)
        drop_damaged(path, err.message);
    if (r != PLAIN_OK)
        return;
    if (f.head->database == n->database) {
        if (worker_file_has_life(&f)) {
            add_living(n, &f);
        } else if (!worker_file_is_sound(&f)) {
            drop_damaged(path, "it holds jobs that cannot be");
        } else if (has_room(n)) {
            add_dead(n, &f);
            return;
        }
    }
    worker_file_release(&f, false);
}

void neighbours_look(struct neighbours *n)
{
    char path[PATH_MAX + 16];
    struct dirent *entry;
    DIR *folder = opendir(n->folder);

    n->file_count = n->dead_count = n->living_count = 0;
    if (!folder)
        return;
    while ((entry = readdir(folder))) {
        (void)snprintf(path, sizeof(path), "%s/%.13s", n->folder, entry->d_name);
        if (is_ours(entry->d_name, WORKER_FILE_BEGUN))
            worker_file_remove_begun(path);
        else if (is_ours(entry->d_name, "") && strcmp(path, n->own) != 0)
            look_at(n, path);
    }
    (void)closedir(folder);
}

static bool is_among(const plain_uuid *id, const plain_uuid *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (uuid_equal(id, &ids[i]))
            return true;
    }
    return false;
}

static bool is_of(const struct worker_file *f, const plain_uuid *worker)
{
    for (int i = 0; i < WORKER_FILE_IDS; i++) {
        if (uuid_equal(&f->head->ids[i].id, worker))
            return true;
    }
    return false;
}

static void mark_if_dead(const char *path, struct worker_view *workers, size_t count)
{
    struct worker_file f;

    if (worker_file_read(&f, path, NULL) != PLAIN_OK)
        return;
    bool is_dead = !worker_file_has_life(&f);
    for (size_t i = 0; i < count; i++)
        workers[i].stale |= is_dead && is_of(&f, &workers[i].id);
    worker_file_release(&f, false);
}

void neighbours_mark_dead(const char *folder, struct worker_view *workers, size_t count)
{
    char path[PATH_MAX + 16];
    struct dirent *entry;
    DIR *open = opendir(folder);

    while (open && (entry = readdir(open))) {
        if (!is_ours(entry->d_name, ""))
            continue;
        (void)snprintf(path, sizeof(path), "%s/%.13s", folder, entry->d_name);
        mark_if_dead(path, workers, count);
    }
    if (open)
        (void)closedir(open);
}

/* Its row, if it is not one of those that are gone, may still come. */
static bool is_undecided(const struct worker_file_head *h, const struct rescue_result *found)
{
    return atomic_load(&h->undecided_until_us) > clock_boot_us() &&
           !is_among(&h->ids[0].id, found->forgotten, found->forgotten_count);
}

static bool is_finished(const struct worker_file_head *h, const struct rescue_result *found)
{
    for (int i = 0; i < WORKER_FILE_IDS; i++) {
        if (is_among(&h->ids[i].id, found->unfinished, found->unfinished_count))
            return false;
    }
    return !is_undecided(h, found);
}

bool neighbours_close(struct neighbours *n, const struct rescue_result *found)
{
    bool all = has_room(n); /* for one more: none was left out */

    for (size_t i = 0; i < n->file_count; i++) {
        struct worker_file *f = &n->dead_files[i];
        bool finished = found && is_finished(f->head, found);

        worker_file_release(f, finished);
        all = all && finished;
    }
    n->file_count = 0;
    return all;
}

static struct verdict verdict_of(const struct progress *p, const struct progress_entry *e)
{
    static const enum verdict_kind kinds[PROGRESS_STATES] = {
        [PROGRESS_GIVEN] = VERDICT_UNENTERED,
        [PROGRESS_ENTERED] = VERDICT_ENTERED,
        [PROGRESS_SUCCEEDED] = VERDICT_SUCCEEDED,
        [PROGRESS_ENDED] = VERDICT_ENDED,
    };
    struct verdict v = {.kind = kinds[atomic_load(&e->state) % PROGRESS_STATES],
                        .runner_pid = p->runner.pid,
                        .times = e->times,
                        .how = e->how,
                        .page = p,
                        .entry = e};

    if (v.kind == VERDICT_ENDED)
        v.frame = progress_frame(p, e, &v.frame_length);
    return v;
}

/* An attempt that was given back and handed out again has two entries: the one that went further
 * counts. */
static struct verdict judge_by(const struct worker_file *f, const plain_uuid *token)
{
    struct verdict best = {.kind = VERDICT_UNENTERED};

    for (uint32_t i = 0; i < f->head->runner_count; i++) {
        const struct progress *p = worker_file_part(f, (int)i);

        for (size_t k = 0; k < PROGRESS_RING; k++) {
            const struct progress_entry *e = &p->ring[k];

            if (atomic_load(&e->seq) == 0 || !uuid_equal(&e->token, token))
                continue;
            struct verdict v = verdict_of(p, e);
            if (v.kind > best.kind)
                best = v;
        }
    }
    return best;
}

struct verdict neighbours_judge(const struct neighbours *n, const plain_uuid *worker,
                                const plain_uuid *token)
{
    for (size_t i = 0; i < n->file_count; i++) {
        if (is_of(&n->dead_files[i], worker))
            return judge_by(&n->dead_files[i], token);
    }
    return (struct verdict){.kind = VERDICT_UNKNOWN};
}
