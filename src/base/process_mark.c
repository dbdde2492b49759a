#include "base/process_mark.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_text.h"

/* Of /proc/PID/stat, behind the name, which may hold anything (proc(5)). */
enum { STATE, NUM_THREADS = 17, STARTTIME = 19 };

/* Where that field begins; NULL: it is not there. */
static const char *field_of(const char *text, int number)
{
    const char *p = strrchr(text, ')');

    for (int field = STATE; p && field <= number; field++)
        p = strchr(p + 1, ' ');
    return p ? p + 1 : NULL;
}

/* Its first thread has ended, and no other is left: until then files and locks are held. */
static bool has_ended(const char *text)
{
    const char *state = field_of(text, STATE), *threads = field_of(text, NUM_THREADS);

    return state && threads && (*state == 'Z' || *state == 'X') && strtol(threads, NULL, 10) <= 1;
}

/* When the process started, 0 when it has ended; false when that cannot be told. */
static bool look(int pid, uint64_t *start)
{
    char path[64], text[1024];

    *start = 0;
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (pid <= 0)
        return true;
    if (!file_text(path, text, sizeof(text)))
        return errno == ENOENT || errno == ESRCH;
    if (has_ended(text))
        return true;
    const char *p = field_of(text, STARTTIME);
    if (p)
        *start = strtoull(p, NULL, 10);
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
