#include "cli/who.h"

#include <pwd.h>
#include <unistd.h>

enum { ENTRY_MAX = 16 * 1024 };

const char *who_am_i(struct arena *a)
{
    char host[256] = "";
    struct passwd entry, *found = NULL;
    char *memory = arena_alloc(a, ENTRY_MAX);

    if (!memory)
        return NULL;
    if (gethostname(host, sizeof(host) - 1) < 0 || !host[0])
        host[0] = '?';
    int failed = getpwuid_r(geteuid(), &entry, memory, ENTRY_MAX, &found);
    return arena_printf(a, "cli(%.64s@%.64s)", !failed && found ? found->pw_name : "?", host);
}
