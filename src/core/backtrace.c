#define _GNU_SOURCE
#include "core/backtrace.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define UNW_LOCAL_ONLY
#include <libunwind.h>

#include "base/text.h"

static struct {
    const void *base;
    char name[64];
} objects[BACKTRACE_MODULES_MAX];
static size_t object_count;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void backtrace_name_object(const void *base, const char *name)
{
    if (object_count == BACKTRACE_MODULES_MAX)
        return;
    objects[object_count].base = base;
    (void)text_copy(objects[object_count++].name, sizeof(objects[0].name), name);
}

static const char *object_name(const Dl_info *where)
{
    for (size_t i = 0; i < object_count; i++) {
        if (objects[i].base == where->dli_fbase)
            return objects[i].name;
    }
    return base_name(where->dli_fname);
}

/* One frame at ip. A caller's ip points behind its call, so one less is inside it. */
static int frame_write(char *out, size_t size, int number, unw_cursor_t *cursor, unw_word_t ip)
{
    char name[128];
    unw_word_t offset = 0;
    Dl_info where = {0};
    const void *address = (const void *)(uintptr_t)(ip - 1);
    const char *module = "?";

    if (dladdr(address, &where) && where.dli_fname)
        module = object_name(&where);
    if (unw_get_proc_name(cursor, name, sizeof(name), &offset) >= 0)
        return snprintf(out, size, "  #%d %s+0x%lx (%s)\n", number, name, (unsigned long)offset,
                        module);
    return snprintf(out, size, "  #%d %s+0x%lx\n", number, module,
                    (unsigned long)(ip - (uintptr_t)where.dli_fbase));
}

size_t backtrace_write(char *out, size_t size, int skip)
{
    unw_context_t context;
    unw_cursor_t cursor;
    size_t used = 0;

    if (size == 0)
        return 0;
    out[0] = '\0';
    if (unw_getcontext(&context) < 0 || unw_init_local(&cursor, &context) < 0)
        return 0;
    for (int i = 0; i < skip + BACKTRACE_FRAMES_MAX; i++) {
        unw_word_t ip = 0;

        if (i >= skip) {
            if (unw_get_reg(&cursor, UNW_REG_IP, &ip) < 0 || ip == 0)
                break;
            int n = frame_write(out + used, size - used, i - skip, &cursor, ip);
            if (n < 0 || (size_t)n >= size - used)
                break;
            used += (size_t)n;
        }
        if (unw_step(&cursor) <= 0)
            break;
    }
    out[used] = '\0';
    return used;
}
