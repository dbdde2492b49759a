#include "base/process_mark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_text.h"

/* When the process started, 0 when it has ended; false when that cannot be told. */
static bool look(int pid, uint64_t *start)
{
    /* After the name, which may hold anything: state, and 18 fields on, when it started. */
    enum { STATE = 0, START = 19 };
    char path[64], text[1024];

    *start = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (pid <= 0)
        return true;
    if (!file_text(path, text, sizeof(text)))
        return errno == ENOENT || errno == ESRCH;
    const char *p = strrchr(text, ')');
    for (int field = STATE; p && field <= START; field++) {
        p = strchr(p + 1, ' ');
        if (p && field == STATE && (p[1] == 'Z' || p[1] == 'X'))
            return true;
    }
    if (p)
        *start = strtoull(p + 1, NULL, 10);
    return p != NULL;
}

struct process_mark process_mark_of(int pid)
{
    struct process_mark mark = {.pid = pid};

    (void)look(pid, &mark.start);
    return mark;
}

bool process_mark_lives(const struct process_mark *mark)
{
    uint64_t start;

    if (mark->pid <= 0 || mark->start == 0)
        return false;
    return !look(mark->pid, &start) || start == mark->start;
}

bool process_is_gone(int pid)
{
    uint64_t start;

    return look(pid, &start) && start == 0;
}

void process_boot_id(char out[BOOT_ID_SIZE])
{
    if (file_text("/proc/sys/kernel/random/boot_id", out, BOOT_ID_SIZE))
        out[strcspn(out, "\n")] = '\0';
}

uint64_t process_namespace(void)
{
    struct stat st;

    return stat("/proc/self/ns/pid", &st) == 0 ? (uint64_t)st.st_ino : 0;
}
