#include "worker/groups.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/group.h"
#include "base/text.h"

#define OF_WORKER "plain-worker."
#define OF_RUNNER "plain-runner."

/* How long the end of what was killed is awaited, at most, when the worker ends. */
enum { END_ROUNDS = 200, END_ROUND_US = 1000 };

static const char *path_in(const struct groups *g, const char *name, char out[GROUPS_PATH_SIZE])
{
    int n = snprintf(out, GROUPS_PATH_SIZE, "%s/%s", g->folder, name);

    if (n < 0 || n >= GROUPS_PATH_SIZE) /* a path that is not there */
        out[0] = '\0';
    return out;
}

static const char *own_path(const struct groups *g, const char *tag, char out[GROUPS_PATH_SIZE])
{
    char name[64];

    (void)snprintf(name, sizeof(name), OF_WORKER "%.*s", GROUPS_TAG_SIZE - 1, tag);
    return path_in(g, name, out);
}

const char *groups_path(const struct groups *g, unsigned number, char out[GROUPS_PATH_SIZE])
{
    char name[64];

    out[0] = '\0';
    if (number == 0)
        return out;
    (void)snprintf(name, sizeof(name), OF_RUNNER "%s.%u", g->tag, number);
    return path_in(g, name, out);
}

/* The tag in the name of a group of a worker or of a runner; NULL: it is neither. */
static const char *tag_of(const char *name, const char *prefix)
{
    const char *tag = text_starts_with(name, prefix) ? name + strlen(prefix) : NULL;

    return tag && strcspn(tag, ".") == GROUPS_TAG_SIZE - 1 ? tag : NULL;
}

/* What stands in the group of a worker that no process is in any more. One that is just starting
 * has no runners. */
static void sweep_one(const struct groups *g, const char *name)
{
    char path[GROUPS_PATH_SIZE], worker[GROUPS_PATH_SIZE];
    const char *tag = tag_of(name, OF_RUNNER);

    if (tag && (access(own_path(g, tag, worker), F_OK) < 0 || !group_has_life(worker))) {
        group_kill(path_in(g, name, path));
        (void)group_remove(path);
    }
}

/* Those of workers last: what stands beside them is judged by them. */
static void sweep(const struct groups *g)
{
    char path[GROUPS_PATH_SIZE];

    for (int round = 0; round < 2; round++) {
        DIR *folder = opendir(g->folder);
        struct dirent *entry;

        while (folder && (entry = readdir(folder))) {
            if (round == 0)
                sweep_one(g, entry->d_name);
            else if (tag_of(entry->d_name, OF_WORKER))
                (void)group_remove(path_in(g, entry->d_name, path)); /* fails while it lives */
        }
        if (folder)
            (void)closedir(folder);
    }
}

static void take_memory(struct groups *g)
{
    if (!group_has_word(g->folder, "cgroup.controllers", "memory"))
        g->why_not = "the memory controller is not delegated";
    else if (!group_put(g->folder, "cgroup.subtree_control", "+memory"))
        g->why_not = "other processes are in the control group";
    else
        g->has_memory = true;
}

/* Another worker that starts may remove it while it is still empty. */
static bool move_into(const char *own)
{
    enum { TRIES = 3 };
    bool is_in = false;

    for (int i = 0; i < TRIES && !is_in; i++)
        is_in = group_make(own) && group_move(own, (int)getpid());
    return is_in;
}

void groups_begin(struct groups *g, const char *root, const char *tag)
{
    char own[GROUPS_PATH_SIZE];

    *g = (struct groups){.why_not = "there are no control groups of version 2"};
    (void)text_copy(g->tag, sizeof(g->tag), tag);
    if (!group_own(root, g->folder))
        return;
    g->why_not = group_why_not_ours(g->folder);
    if (g->why_not)
        return;
    sweep(g);
    if (!move_into(own_path(g, g->tag, own))) {
        (void)group_remove(own);
        g->why_not = "the worker cannot be moved into a control group of its own";
        return;
    }
    g->is_moved = g->on = true;
    take_memory(g);
}

void groups_give_up(struct groups *g, const char *why)
{
    g->on = false;
    g->why_not = why;
}

static void remove_left(struct groups *g)
{
    char path[GROUPS_PATH_SIZE];
    int kept = 0;

    for (int i = 0; i < g->left_count; i++) {
        if (!group_remove(groups_path(g, g->left[i], path)))
            g->left[kept++] = g->left[i];
    }
    g->left_count = kept;
}

unsigned groups_make(struct groups *g)
{
    char path[GROUPS_PATH_SIZE];

    if (!g->on)
        return 0;
    remove_left(g);
    unsigned number = g->made + 1;
    if (!group_make(groups_path(g, number, path))) {
        groups_give_up(g, "no control group could be made");
        return 0;
    }
    g->made = number;
    return number;
}

void groups_kill(const struct groups *g, unsigned number)
{
    char path[GROUPS_PATH_SIZE];

    if (number > 0)
        group_kill(groups_path(g, number, path));
}

void groups_drop(struct groups *g, unsigned number)
{
    if (number == 0)
        return;
    remove_left(g);
    if (g->left_count < GROUPS_LEFT_MAX)
        g->left[g->left_count++] = number;
    remove_left(g);
}

/* Whether the groups of another worker stand beside ours. */
static bool is_alone(const struct groups *g)
{
    DIR *folder = opendir(g->folder);
    struct dirent *entry;
    bool alone = folder != NULL;

    while (folder && (entry = readdir(folder))) {
        const char *tag = tag_of(entry->d_name, OF_WORKER);

        if (tag && strcmp(tag, g->tag) != 0)
            alone = false;
    }
    if (folder)
        (void)closedir(folder);
    return alone;
}

void groups_end(struct groups *g)
{
    char own[GROUPS_PATH_SIZE];

    for (int i = 0; i < END_ROUNDS && g->left_count > 0; i++) {
        remove_left(g);
        if (g->left_count > 0)
            (void)usleep(END_ROUND_US);
    }
    if (!g->is_moved)
        return;
    if (g->has_memory && is_alone(g))
        (void)group_put(g->folder, "cgroup.subtree_control", "-memory");
    (void)group_move(g->folder, (int)getpid());
    (void)group_remove(own_path(g, g->tag, own));
    g->is_moved = g->on = g->has_memory = false;
}

struct group_deaths groups_deaths(const struct groups *g, unsigned number)
{
    char path[GROUPS_PATH_SIZE];

    if (number == 0)
        return (struct group_deaths){0};
    (void)groups_path(g, number, path);
    int64_t by_limit = group_number(path, "memory.events", "oom");
    int64_t killed = group_number(path, "memory.events", "oom_kill");
    return (struct group_deaths){.by_limit = by_limit < 0 ? 0 : by_limit,
                                 .killed = killed < 0 ? 0 : killed};
}
