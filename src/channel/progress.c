#define _GNU_SOURCE
#include "channel/progress.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

struct progress *progress_map(int fd)
{
    void *p = mmap(NULL, sizeof(struct progress), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    return p == MAP_FAILED ? NULL : p;
}

int progress_new(struct progress **out, int *fd, plain_error *err)
{
    int memory = memfd_create("plain-progress", MFD_CLOEXEC);

    if (memory < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "memfd_create for a runner");
    struct progress *p = NULL;
    if (ftruncate(memory, (off_t)sizeof(struct progress)) == 0)
        p = progress_map(memory);
    if (!p) {
        int why = errno;

        (void)close(memory);
        return error_set_errno(err, PLAIN_E_IO, 705, "", why, "memory shared with a runner");
    }
    *out = p;
    *fd = memory;
    return PLAIN_OK;
}

void progress_unmap(struct progress *p)
{
    if (p)
        (void)munmap(p, sizeof(*p));
}

bool progress_enter(struct progress *p, uint64_t seq, int64_t now_us)
{
    atomic_store_explicit(&p->entered_us, now_us, memory_order_relaxed);
    atomic_store(&p->entered, seq);
    return seq < atomic_load(&p->revoke_from) || seq >= atomic_load(&p->revoke_to);
}

uint64_t progress_revoke(struct progress *p, uint64_t next)
{
    uint64_t ended = atomic_load(&p->ended), entered = atomic_load(&p->entered);
    uint64_t before = atomic_load(&p->revoke_to);

    if (entered + 1 >= next)
        return entered;
    atomic_store(&p->revoke_to, next);
    /* Where the runner has not gone through the range that was revoked before, that one only grows:
     * it may have written `entered` for a job of it and not have looked yet. */
    if (ended + 1 >= before)
        atomic_store(&p->revoke_from, entered + 1);
    return atomic_load(&p->entered);
}
