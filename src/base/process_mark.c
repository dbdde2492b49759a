#include "base/process_mark.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_text.h"

struct process_mark process_mark_of(int pid)
{
    /* After the name, which may hold anything: state, and 18 fields on, when it started. */
    enum { STATE = 0, START = 19 };
    struct process_mark mark = {.pid = pid};
    char path[64], text[1024];

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (pid <= 0 || !file_text(path, text, sizeof(text)))
        return mark;
    const char *p = strrchr(text, ')');
    for (int field = STATE; p && field <= START; field++) {
        p = strchr(p + 1, ' ');
        if (p && field == STATE && (p[1] == 'Z' || p[1] == 'X'))
            return mark;
    }
    if (p)
        mark.start = strtoull(p + 1, NULL, 10);
    return mark;
}

bool process_mark_lives(const struct process_mark *mark)
{
    return mark->pid > 0 && mark->start != 0 && process_mark_of(mark->pid).start == mark->start;
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
