#define _GNU_SOURCE
#include "tests/harness/groups.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/harness/harness.h"

static char root[PATH_MAX];

const char *groups_new_root(void)
{
    static int count;

    (void)snprintf(root, sizeof(root), "%s/root%d", harness_tmpdir(), ++count);
    assert_int_equal(mkdir(root, 0700), 0);
    return root;
}

const char *groups_root(void)
{
    return root;
}

void groups_put(const char *path, const char *text)
{
    char whole[2 * PATH_MAX];

    (void)snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *slash = whole + strlen(root) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(whole, 0700);
        *slash = '/';
    }
    FILE *f = fopen(whole, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

void groups_putf(const char *text, const char *format, ...)
{
    char path[PATH_MAX];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(path, sizeof(path), format, ap);
    va_end(ap);
    groups_put(path, text);
}

const char *groups_text(const char *path)
{
    static char text[4096];
    char whole[2 * PATH_MAX];

    (void)snprintf(whole, sizeof(whole), "%s%s", root, path);
    FILE *f = fopen(whole, "r");
    if (!f)
        return "";
    text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
    (void)fclose(f);
    return text;
}

const char *groups_real_tree(void)
{
    static const char *const places[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char file[PATH_MAX];

    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        (void)snprintf(file, sizeof(file), "%s/cgroup.procs", places[i]);
        if (access(places[i], W_OK) == 0 && access(file, W_OK) == 0) {
            (void)snprintf(file, sizeof(file), "%s/cgroup.controllers", places[i]);
            if (access(file, F_OK) == 0)
                return places[i];
        }
    }
    return NULL;
}
