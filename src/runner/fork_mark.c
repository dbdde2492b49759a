#define _GNU_SOURCE
#include "runner/fork_mark.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

void fork_mark_set(struct fork_mark *m)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    bool *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    *m = (struct fork_mark){.pid = getpid()};
    if (page == MAP_FAILED)
        return;
    if (madvise(page, size, MADV_WIPEONFORK) < 0) {
        (void)munmap(page, size);
        return;
    }
    *page = true;
    m->is_here = page;
}

bool fork_mark_is_here(const struct fork_mark *m)
{
    return m->is_here ? *m->is_here : getpid() == m->pid;
}
