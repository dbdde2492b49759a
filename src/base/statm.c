#include "base/statm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file_text.h"

/* The number at this place of the text; -1 when there are fewer. */
static int64_t number_at(const char *text, int place)
{
    int64_t number = -1;

    for (int i = 0; i <= place; i++) {
        char *end;

        errno = 0;
        number = strtoll(text, &end, 10);
        if (end == text || errno != 0)
            return -1;
        text = end;
    }
    return number;
}

int64_t statm_bytes(int pid, enum statm_field field)
{
    char path[64] = "/proc/self/statm", text[256];

    if (pid != 0)
        (void)snprintf(path, sizeof(path), "/proc/%d/statm", pid);
    if (!file_text(path, text, sizeof(text)))
        return -1;
    int64_t pages = number_at(text, (int)field);
    return pages < 0 ? -1 : pages * sysconf(_SC_PAGESIZE);
}
