#include "core/executable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "base/write_access.h"

enum { HEAD_SIZE = 4096, DOC_SIZE = 256, NAME_LIMIT = 255 };

/* A folder that is being scanned. */
struct scan {
    const char *folder;      /* as it was named */
    char absolute[PATH_MAX]; /* where it is */
    int fd;
};

static int refuse_file(const struct scan *scan, const char *name, const char *fault,
                       plain_error *err)
{
    (void)error_set(err, PLAIN_E_INVALID, 106, name, "%s/%s %s", scan->folder, name, fault);
    error_fix(err, "move it out of %s", scan->folder);
    return PLAIN_E_INVALID;
}

/* One whose mode is at fault, and what would mend it. */
static int refuse_mode(const struct scan *scan, const char *name, const char *fault,
                       const char *change, plain_error *err)
{
    (void)refuse_file(scan, name, fault, err);
    error_fix(err, "chmod %s %s/%s, or move it out of there", change, scan->folder, name);
    return PLAIN_E_INVALID;
}

/* Editors leave copies that end in ~, or stand between two #; names that begin with a dot are
 * nobody's jobs. */
static bool is_passed_over(const char *name)
{
    char last = name[strlen(name) - 1];

    return name[0] == '.' || last == '~' || (name[0] == '#' && last == '#');
}

static bool is_job_name(const char *name)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    static const char others[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789.-";
    size_t n = strlen(name);

    return n <= NAME_LIMIT && strchr(first, name[0]) && strspn(name, others) == n;
}

/* By errno: taken away since the folder told of it, and no link to nothing. */
static bool is_gone(const struct scan *scan, const char *name)
{
    struct stat st;

    return errno == ENOENT &&
           (fstatat(scan->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISLNK(st.st_mode));
}

/* PLAIN_NONE for one that is gone, and for a folder: a script in Python makes __pycache__. */
static int check_file(const struct scan *scan, const char *name, const char *path, plain_error *err)
{
    struct stat st;

    if (fstatat(scan->fd, name, &st, 0) != 0) {
        int why = errno;

        return is_gone(scan, name)
                   ? PLAIN_NONE
                   : error_set_errno(err, PLAIN_E_INVALID, 106, name, why,
                                     "%s/%s cannot be looked at", scan->folder, name);
    }
    if (S_ISDIR(st.st_mode))
        return PLAIN_NONE;
    if (!is_job_name(name))
        return refuse_file(scan, name, "has a name that is not [A-Za-z_][A-Za-z0-9_.-]*", err);
    if (!S_ISREG(st.st_mode))
        return refuse_file(scan, name, "is not a regular file", err);
    if (!write_access_is_owners(&st, path))
        return refuse_mode(scan, name, "may be written by others than its owner", "go-w", err);
    if (faccessat(scan->fd, name, X_OK, AT_EACCESS) != 0)
        return is_gone(scan, name) ? PLAIN_NONE
                                   : refuse_mode(scan, name, "is not executable", "+x", err);
    return PLAIN_OK;
}

/* The beginning of the file; "" for one that may be run but not read. */
static void read_head(const struct scan *scan, const char *name, char head[HEAD_SIZE])
{
    /* Should the file have become a pipe since it was checked, this does not wait for a writer. */
    int fd = openat(scan->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    ssize_t n = 0;

    if (fd >= 0) {
        n = read(fd, head, HEAD_SIZE - 1);
        (void)close(fd);
    }
    head[n > 0 ? n : 0] = '\0';
}

/* The first line of a script behind #! that is a comment with words in it. */
static void find_doc(const char *head, char doc[DOC_SIZE])
{
    doc[0] = '\0';
    if (!text_starts_with(head, "#!"))
        return;
    for (const char *line = strchr(head, '\n'); line; line = strchr(line, '\n')) {
        line++;
        if (*line != '#' && *line != '\n')
            return; /* code begins */
        line += strspn(line, "# \t");
        size_t n = strcspn(line, "\r\n");
        if (n > 0) {
            (void)utf8_clean(doc, DOC_SIZE, line, n);
            return;
        }
    }
}

static int take_file(const struct scan *scan, const char *name, executable_fn *fn, void *user,
                     plain_error *err)
{
    char head[HEAD_SIZE], doc[DOC_SIZE];
    char origin[PATH_MAX], path[PATH_MAX];
    int origin_size = snprintf(origin, sizeof(origin), "%s/%s", scan->folder, name);
    int path_size = snprintf(path, sizeof(path), "%s/%s", scan->absolute, name);

    if (origin_size >= PATH_MAX || path_size >= PATH_MAX)
        return refuse_file(scan, name, "has too long a path", err);
    int r = check_file(scan, name, path, err);
    if (r != PLAIN_OK)
        return r == PLAIN_NONE ? PLAIN_OK : r;
    read_head(scan, name, head);
    find_doc(head, doc);
    const struct executable found = {.name = name, .doc = doc, .origin = origin, .path = path};
    return fn(&found, user, err);
}

static int take_all(const struct scan *scan, DIR *dir, executable_fn *fn, void *user,
                    plain_error *err)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        if (is_passed_over(entry->d_name))
            continue;
        int r = take_file(scan, entry->d_name, fn, user, err);
        if (r < 0)
            return r;
    }
    if (errno != 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "cannot read the folder %s",
                               scan->folder);
    return PLAIN_OK;
}

static int check_folder(const struct scan *scan, plain_error *err)
{
    struct stat st;

    if (fstat(scan->fd, &st) == 0 && (st.st_mode & S_IWOTH)) {
        (void)error_set(err, PLAIN_E_INVALID, 106, "", "the folder %s may be written by everybody",
                        scan->folder);
        error_fix(err, "chmod o-w %s", scan->folder);
        return PLAIN_E_INVALID;
    }
    return PLAIN_OK;
}

int executable_scan(const char *folder, executable_fn *fn, void *user, plain_error *err)
{
    struct scan scan = {.folder = folder};
    DIR *dir = opendir(folder);

    if (!dir && errno == ENOENT)
        return PLAIN_OK;
    if (!dir || !realpath(folder, scan.absolute)) {
        (void)error_set_errno(err, PLAIN_E_IO, 705, "", errno, "cannot read the folder %s", folder);
        if (dir)
            (void)closedir(dir);
        return PLAIN_E_IO;
    }
    scan.fd = dirfd(dir);
    int r = check_folder(&scan, err);
    if (r == PLAIN_OK)
        r = take_all(&scan, dir, fn, user, err);
    (void)closedir(dir);
    return r;
}
