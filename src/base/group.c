#define _GNU_SOURCE
#include "base/group.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/cgroup.h"
#include "base/compiler.h"
#include "base/file_text.h"
#include "base/text.h"

enum { FILE_SIZE = 16 * 1024, NAME_ROOM = 64, KILL_ROUNDS = 10 };

static const char *path_of(const char *folder, const char *file, char out[PATH_MAX + NAME_ROOM])
{
    (void)snprintf(out, PATH_MAX + NAME_ROOM, "%s/%s", folder, file);
    return out;
}

bool group_own(const char *root, char out[PATH_MAX])
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    char group[PATH_MAX], path[PATH_MAX + NAME_ROOM];

    if (!cgroup_of_version_2(root, group))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
        int n = snprintf(out, PATH_MAX, "%s%s%s", root, mounts[i], group);

        if (n <= 0 || n >= PATH_MAX)
            continue;
        if (out[n - 1] == '/')
            out[n - 1] = '\0';
        if (access(path_of(out, "cgroup.controllers", path), F_OK) == 0)
            return true;
    }
    return false;
}

static bool has_mark(const char *folder, const char *name)
{
    char value[2];

    return getxattr(folder, name, value, sizeof(value)) == 1 && value[0] == '1';
}

static bool is_writable(const char *folder)
{
    static const char *const files[] = {"", "cgroup.procs", "cgroup.subtree_control"};
    char path[PATH_MAX + NAME_ROOM];

    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (access(path_of(folder, files[i], path), W_OK) < 0)
            return false;
    }
    return true;
}

/* The root of the tree of a container: the whole machine's has no cgroup.type. */
static bool is_root(const char *folder)
{
    size_t n = strlen(folder);
    static const char *const ends[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

    for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
        size_t length = strlen(ends[i]);

        if (n >= length && strcmp(folder + n - length, ends[i]) == 0)
            return true;
    }
    return false;
}

/* Given to our user right here: what is above is another's. A user's own manager also gives all of
 * its groups to the user, and means to arrange them itself. */
static bool was_given(const char *folder)
{
    char path[PATH_MAX + NAME_ROOM];
    struct stat st, above;

    return geteuid() != 0 && stat(folder, &st) == 0 && st.st_uid == geteuid() &&
           stat(path_of(folder, "..", path), &above) == 0 && above.st_uid != geteuid();
}

const char *group_why_not_ours(const char *folder)
{
    char path[PATH_MAX + NAME_ROOM];

    if (access(path_of(folder, "cgroup.type", path), F_OK) < 0)
        return "this is the root of all control groups";
    if (!is_writable(folder))
        return "the control group is not writable";
    if (has_mark(folder, "user.delegate") || has_mark(folder, "trusted.delegate") ||
        was_given(folder) || is_root(folder))
        return NULL;
    return "the control group is not delegated";
}

bool group_make(const char *folder)
{
    return mkdir(folder, 0755) == 0 || errno == EEXIST;
}

bool group_remove(const char *folder)
{
    return rmdir(folder) == 0 || errno == ENOENT;
}

bool group_put(const char *folder, const char *file, const char *text)
{
    char path[PATH_MAX + NAME_ROOM];
    int fd = open(path_of(folder, file, path), O_WRONLY | O_CLOEXEC);
    size_t n = strlen(text);

    if (fd < 0)
        return false;
    bool done = write(fd, text, n) == (ssize_t)n;
    int why = errno;
    (void)close(fd);
    errno = why;
    return done;
}

/* The text of one of its files; false when it cannot be read. Longer ones are cut. */
static bool read_file(const char *folder, const char *file, char out[FILE_SIZE])
{
    char path[PATH_MAX + NAME_ROOM];

    return file_text(path_of(folder, file, path), out, FILE_SIZE);
}

/* Behind "word " at the start of a line. */
static const char *find_line(const char *text, const char *word)
{
    size_t n = strlen(word);

    while (text) {
        if (strncmp(text, word, n) == 0 && text[n] == ' ')
            return text + n + 1;
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

int64_t group_number(const char *folder, const char *file, const char *word)
{
    char text[FILE_SIZE];

    if (!read_file(folder, file, text))
        return -1;
    const char *at = word ? find_line(text, word) : text;
    return at ? file_text_number(at) : -1;
}

bool group_has_word(const char *folder, const char *file, const char *word)
{
    char text[FILE_SIZE];
    size_t length = strlen(word);

    if (!read_file(folder, file, text))
        return false;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, " \n");

        if (n == length && strncmp(at, word, n) == 0)
            return true;
        at += n;
        at += *at != '\0';
    }
    return false;
}

bool group_move(const char *folder, int pid)
{
    char text[16];

    (void)snprintf(text, sizeof(text), "%d", pid);
    return group_put(folder, "cgroup.procs", text);
}

bool group_has_life(const char *folder)
{
    return group_number(folder, "cgroup.events", "populated") != 0;
}

void group_signal_others(const char *folder, int signal)
{
    char text[FILE_SIZE];

    if (!read_file(folder, "cgroup.procs", text))
        return;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        int64_t pid = file_text_number(line);

        if (pid > 1 && pid <= INT32_MAX && pid != getpid())
            (void)kill((pid_t)pid, signal);
    }
}

void group_kill(const char *folder)
{
    if (group_put(folder, "cgroup.kill", "1"))
        return;
    /* Linux before 5.14. Who forks meanwhile is met in the next round. */
    for (int i = 0; i < KILL_ROUNDS && group_has_life(folder); i++)
        group_signal_others(folder, SIGKILL);
}
