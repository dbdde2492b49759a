#include "runner/own_group.h"

#include <inttypes.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/group.h"
#include "base/text.h"

static char group[PATH_MAX]; /* "": none */
static struct progress *page;

void own_group_install(const char *folder, struct progress *progress)
{
    page = progress;
    (void)text_copy(group, sizeof(group), folder);
}

static int64_t counted(const char *file, const char *word)
{
    int64_t n = group[0] ? group_number(group, file, word) : -1;

    return n < 0 ? 0 : n;
}

/* What is in use and cannot be dropped. Shared memory is counted as files, and cannot. */
static int64_t in_use(void)
{
    int64_t cached = counted("memory.stat", "file") - counted("memory.stat", "shmem");
    int64_t n = counted("memory.current", NULL) - (cached > 0 ? cached : 0);

    return n > 0 ? n : 0;
}

bool own_group_limit_memory(int64_t bytes)
{
    char text[24];

    if (!group[0])
        return false;
    atomic_store(&page->ran_out_before, counted("memory.events", "oom"));
    (void)snprintf(text, sizeof(text), "%" PRId64, in_use() + bytes);
    (void)group_put(group, "memory.swap.max", "0"); /* a machine may have none */
    if (group_put(group, "memory.max", text))
        return true;
    own_group_unlimit_memory();
    return false;
}

void own_group_unlimit_memory(void)
{
    (void)group_put(group, "memory.max", "max");
    (void)group_put(group, "memory.swap.max", "max");
}

bool own_group_ran_out(void)
{
    return group[0] && counted("memory.events", "oom") > atomic_load(&page->ran_out_before);
}

int64_t own_group_cpu_us(void)
{
    return group[0] ? group_number(group, "cpu.stat", "usage_usec") : -1;
}

void own_group_signal_others(int signal)
{
    if (group[0])
        group_signal_others(group, signal);
}
