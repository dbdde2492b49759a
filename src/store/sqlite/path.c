#include "store/sqlite/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

static const char scheme[] = "sqlite:";

static int bad_url(plain_error *err, const char *url, const char *why)
{
    return error_set(err, PLAIN_E_INVALID, 307, "url", "'%s' is no URL of a SQLite database: %s",
                     url, why);
}

static int parse_options(const char *url, const char *options, struct sqlite_path *out,
                         plain_error *err)
{
    static const struct {
        const char *text;
        enum journal journal;
    } known[] = {{"journal=wal", JOURNAL_WAL}, {"journal=delete", JOURNAL_DELETE}};

    out->journal = JOURNAL_AS_IT_IS;
    if (!options)
        return PLAIN_OK;
    for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
        if (text_equal_nocase(options, known[i].text)) {
            out->journal = known[i].journal;
            return PLAIN_OK;
        }
    }
    return bad_url(err, url, "behind '?' it takes journal=wal or journal=delete");
}

static int make_absolute(const char *url, const char *path, struct sqlite_path *out,
                         plain_error *err)
{
    char folder[PATH_MAX] = "";

    if (path[0] != '/') {
        if (!getcwd(folder, sizeof(folder)))
            return error_set_errno(err, PLAIN_E_IO, 705, "url", errno,
                                   "cannot tell the current directory");
        if (strcmp(folder, "/") == 0)
            folder[0] = '\0';
    }
    int n =
        snprintf(out->path, sizeof(out->path), "%s%s%s", folder, path[0] == '/' ? "" : "/", path);
    if (n < 0 || (size_t)n >= sizeof(out->path))
        return bad_url(err, url, "the path is too long");
    return PLAIN_OK;
}

/* SQLite puts its own files beside the file that a link leads to, and so do we. */
static void follow_link(struct sqlite_path *out)
{
    char real[PATH_MAX];
    struct stat st;

    if (lstat(out->path, &st) == 0 && S_ISLNK(st.st_mode) && realpath(out->path, real))
        (void)text_copy(out->path, sizeof(out->path), real);
}

int path_parse(const char *url, struct sqlite_path *out, plain_error *err)
{
    char path[PATH_MAX];

    if (strncasecmp(url, scheme, sizeof(scheme) - 1) != 0)
        return bad_url(err, url, "it does not begin with sqlite:");
    const char *begin = url + sizeof(scheme) - 1;
    if (text_starts_with(begin, "//")) {
        begin += 2;
        if (*begin != '/')
            return bad_url(err, url, "a host has no place in it; write sqlite:///PATH");
    }
    const char *question = strchr(begin, '?');
    size_t length = question ? (size_t)(question - begin) : strlen(begin);

    if (length == 0)
        return bad_url(err, url, "the path is missing");
    if (length >= sizeof(path))
        return bad_url(err, url, "the path is too long");
    memcpy(path, begin, length);
    path[length] = '\0';
    if (strcmp(path, ":memory:") == 0)
        return bad_url(err, url,
                       "a database in memory ends with its process, and workers are others");
    int r = parse_options(url, question ? question + 1 : NULL, out, err);
    if (r == PLAIN_OK)
        r = make_absolute(url, path, out, err);
    if (r == PLAIN_OK)
        follow_link(out);
    return r;
}

/* The folder of an absolute path; "/" for a file in the root. */
static void folder_of(const char *path, char folder[PATH_MAX])
{
    (void)text_copy(folder, PATH_MAX, path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder ? 1 : 0] = '\0';
}

static int unreachable(plain_error *err, int error_number, const char *path, const char *what)
{
    return error_set_errno(err, PLAIN_E_UNREACHABLE, 301, "url", error_number,
                           "cannot open the SQLite database %s: %s", path, what);
}

static int check_folder(const char *path, plain_error *err)
{
    char folder[PATH_MAX];
    struct stat st;
    int r;

    folder_of(path, folder);
    if (stat(folder, &st) != 0) {
        r = unreachable(err, errno, path, "its folder");
        error_fix(err, "make the folder with `mkdir -p %s`, or give another path", folder);
        return r;
    }
    if (!S_ISDIR(st.st_mode))
        return unreachable(err, ENOTDIR, path, folder);
    if (access(folder, W_OK | X_OK) != 0) {
        r = unreachable(err, errno, path, "no file can be made in its folder");
        error_fix(err, "give this user write permission on %s, or give another path", folder);
        return r;
    }
    return PLAIN_OK;
}

int path_check(const char *path, bool create, bool *exists, plain_error *err)
{
    struct stat st;

    *exists = false;
    if (stat(path, &st) == 0) {
        *exists = st.st_size > 0;
        if (S_ISREG(st.st_mode))
            return PLAIN_OK;
        return unreachable(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL, path, "it is no file");
    }
    if (errno != ENOENT)
        return unreachable(err, errno, path, "the file");
    if (create)
        return check_folder(path, err);
    int r = unreachable(err, ENOENT, path, "the file");
    error_fix(err,
              "make it with `plain migrate`, or give the right path with --db or DATABASE_URL");
    return r;
}

/* Magic numbers as the kernel's linux/magic.h and fs/ have them; not all are in a header. */
static const struct {
    unsigned long magic;
    const char *name;
} network_systems[] = {
    {0x6969, "NFS"},     {0xFF534D42, "CIFS"}, {0xFE534D42, "SMB"},
    {0x517B, "SMB"},     {0x65735546, "FUSE"}, {0x01021997, "9P"},
    {0x5346414F, "AFS"}, {0x00C36400, "Ceph"}, {0x6B414653, "AFS"},
};

const char *path_network_name(long file_system_type)
{
    /* f_type is signed, and a number beyond 31 bits may come with its sign spread. */
    unsigned long magic = (unsigned long)file_system_type & 0xFFFFFFFFUL;

    for (size_t i = 0; i < ARRAY_SIZE(network_systems); i++) {
        if (network_systems[i].magic == magic)
            return network_systems[i].name;
    }
    return NULL;
}

int path_check_local(const char *path, plain_error *err)
{
    char folder[PATH_MAX];
    struct statfs fs;

    /* The file if it is there, which may be a link to elsewhere. */
    folder_of(path, folder);
    if (statfs(path, &fs) != 0 && statfs(folder, &fs) != 0)
        return unreachable(err, errno, path, "its file system");
    const char *name = path_network_name((long)fs.f_type);
    if (!name)
        return PLAIN_OK;
    int r = error_set(err, PLAIN_E_REFUSED, 303, "url",
                      "%s lies on a network file system (%s), which SQLite's write-ahead log "
                      "cannot share between processes",
                      path, name);
    error_fix(err, "use a local path, or PostgreSQL when several machines work; "
                   "`sqlite:PATH?journal=delete` takes the risk");
    return r;
}
