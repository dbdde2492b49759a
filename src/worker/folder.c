#include "worker/folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool folder_path(const char *database, char out[PATH_MAX])
{
    const char *service = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
    char of_user[64];
    int n;

    (void)snprintf(of_user, sizeof(of_user), "/run/user/%u", (unsigned)geteuid());
    if (database)
        n = snprintf(out, PATH_MAX, "%s-workers", database);
    else if (service && *service == '/') /* a list with colons: the first is the service's own */
        n = snprintf(out, PATH_MAX, "%.*s", (int)strcspn(service, ":"), service);
    else if (user && *user == '/')
        n = snprintf(out, PATH_MAX, "%s/plain-jobs", user);
    else if (is_folder(of_user))
        n = snprintf(out, PATH_MAX, "%s/plain-jobs", of_user);
    else
        n = snprintf(out, PATH_MAX, "/tmp/plain-jobs-%u", (unsigned)geteuid());
    return n > 0 && n < PATH_MAX;
}

int folder_find(const char *database, char out[PATH_MAX], plain_error *err)
{
    struct stat st;

    if (!folder_path(database, out))
        return error_set(err, PLAIN_E_IO, 622, "",
                         "the folder of worker files has a name of more "
                         "than %d bytes",
                         PATH_MAX);
    if (mkdir(out, 0700) < 0 && errno != EEXIST)
        return error_set_errno(err, PLAIN_E_IO, 622, "", errno, "making the worker folder %s", out);
    if (lstat(out, &st) < 0)
        return error_set_errno(err, PLAIN_E_IO, 622, "", errno, "the worker folder %s", out);
    if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        (void)error_set(err, PLAIN_E_IO, 622, "",
                        "the worker folder %s is not a folder of this user that nobody else may "
                        "write to",
                        out);
        error_fix(err, "ls -ld %s", out);
        return PLAIN_E_IO;
    }
    return PLAIN_OK;
}
