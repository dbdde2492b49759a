#define _GNU_SOURCE
#include "base/cgroup.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/file_text.h"
#include "base/text.h"

enum { PATH_SIZE = PATH_MAX, FILE_SIZE = 16 * 1024 };

/* A controller's file, with the folders in which its hierarchy may be mounted. */
struct place {
    const char *controller; /* as /proc/self/cgroup names it; "" for version 2 */
    const char *mount;
};

static const struct place cpu_places[] = {
    {"", "/sys/fs/cgroup"},
    {"", "/sys/fs/cgroup/unified"},
    {"cpu", "/sys/fs/cgroup/cpu,cpuacct"},
    {"cpu", "/sys/fs/cgroup/cpu"},
};

static const struct place memory_places[] = {
    {"", "/sys/fs/cgroup"},
    {"", "/sys/fs/cgroup/unified"},
    {"memory", "/sys/fs/cgroup/memory"},
};

/* Whether list, "cpu,cpuacct", has the word. */
static bool has_word(const char *list, size_t length, const char *word)
{
    size_t n = strlen(word);

    for (size_t at = 0; at <= length; at++) {
        size_t end = at;

        while (end < length && list[end] != ',')
            end++;
        if (end - at == n && strncmp(list + at, word, n) == 0)
            return true;
        at = end;
    }
    return false;
}

/* The group of this process in a hierarchy: of the lines "4:cpu,cpuacct:/path" that which has the
 * controller. */
static bool find_group(const char *root, const char *controller, char out[PATH_SIZE])
{
    char path[PATH_SIZE], text[FILE_SIZE];

    (void)snprintf(path, sizeof(path), "%s/proc/self/cgroup", root);
    if (!file_text(path, text, sizeof(text)))
        return false;
    for (char *line = text; *line;) {
        char *next = line + strcspn(line, "\n");
        char *names = strchr(line, ':');
        char *group = names ? strchr(names + 1, ':') : NULL;

        if (*next)
            *next++ = '\0';
        if (group && group < next && has_word(names + 1, (size_t)(group - names - 1), controller))
            return text_copy(out, PATH_SIZE, group + 1);
        line = next;
    }
    return false;
}

/* Calls visit for the group's folder and those above it, up to where the hierarchy is mounted. */
static void walk_up(const char *root, const struct place *place,
                    void visit(const char *folder, void *user), void *user)
{
    char group[PATH_SIZE], folder[2 * PATH_SIZE + 64];

    if (!find_group(root, place->controller, group))
        return;
    for (size_t n = strlen(group);;) {
        (void)snprintf(folder, sizeof(folder), "%s%s%.*s", root, place->mount, (int)n, group);
        visit(folder, user);
        if (n == 0)
            return;
        while (n > 0 && group[--n] != '/')
            continue;
    }
}

/* A file of the folder that begins with two numbers, or a word and a number: cpu.max is
 * "max 100000" or "150000 100000". */
static bool read_in(const char *folder, const char *name, char out[FILE_SIZE])
{
    char path[2 * PATH_SIZE + 128];

    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    return file_text(path, out, FILE_SIZE);
}

/* The quota of a folder in microseconds of CPU for each period. */
static bool read_quota(const char *folder, int64_t *quota, int64_t *period)
{
    char text[FILE_SIZE];

    if (read_in(folder, "cpu.max", text)) {
        *quota = file_text_number(text); /* "max" is none */
        *period = file_text_number(text + strcspn(text, " ") + (strchr(text, ' ') != NULL));
        return true;
    }
    if (!read_in(folder, "cpu.cfs_quota_us", text))
        return false;
    *quota = file_text_number(text); /* -1 is none */
    if (!read_in(folder, "cpu.cfs_period_us", text))
        return false;
    *period = file_text_number(text);
    return true;
}

static void take_quota(const char *folder, void *user)
{
    int64_t quota, period;
    int *cpus = user;

    if (!read_quota(folder, &quota, &period) || quota <= 0 || period <= 0)
        return;
    int64_t n = quota / period + (quota % period != 0);
    if (n <= INT32_MAX && (*cpus == 0 || n < *cpus))
        *cpus = (int)n;
}

int cgroup_cpus(const char *root)
{
    int cpus = 0;

    for (size_t i = 0; i < ARRAY_SIZE(cpu_places); i++)
        walk_up(root, &cpu_places[i], take_quota, &cpus);
    return cpus;
}

int cpus_allowed(void)
{
    cpu_set_t set;
    long count = 0;
    int quota = cgroup_cpus("");

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        count = CPU_COUNT(&set);
    else /* more CPUs than the set has room for */
        count = sysconf(_SC_NPROCESSORS_ONLN);
    if (quota > 0 && quota < count)
        count = quota;
    return count < 1 ? 1 : count > INT32_MAX ? INT32_MAX : (int)count;
}

/* The number behind "oom_kill " of memory.events or memory.oom_control. The first folder that tells
 * is the group's own, which counts those below it. */
static void take_oom_kills(const char *folder, void *user)
{
    static const char *const names[] = {"memory.events", "memory.oom_control"};
    int64_t *kills = user;
    char text[FILE_SIZE];

    for (size_t i = 0; *kills < 0 && i < ARRAY_SIZE(names); i++) {
        const char *at = read_in(folder, names[i], text) ? strstr(text, "oom_kill ") : NULL;

        if (at)
            *kills = file_text_number(at + strlen("oom_kill "));
    }
}

bool cgroup_of_version_2(const char *root, char out[PATH_MAX])
{
    return find_group(root, "", out);
}

int64_t cgroup_oom_kills(const char *root)
{
    int64_t kills = -1;

    for (size_t i = 0; i < ARRAY_SIZE(memory_places); i++)
        walk_up(root, &memory_places[i], take_oom_kills, &kills);
    return kills;
}
