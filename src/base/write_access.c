#include "base/write_access.h"

#include <string.h>
#include <sys/xattr.h>

enum { ENTRY_SIZE = 16384 };

static bool has_other_member(const struct group *group, const char *owner)
{
    for (char **member = group->gr_mem; *member; member++) {
        if (strcmp(*member, owner) != 0)
            return true;
    }
    return false;
}

bool write_access_is_own_group(const struct passwd *owner, const struct group *group)
{
    return owner->pw_gid == group->gr_gid && strcmp(group->gr_name, owner->pw_name) == 0 &&
           !has_other_member(group, owner->pw_name);
}

static bool is_group_owners(uid_t uid, gid_t gid)
{
    char user_text[ENTRY_SIZE], group_text[ENTRY_SIZE];
    struct passwd user, *has_user = NULL;
    struct group group, *has_group = NULL;

    (void)getpwuid_r(uid, &user, user_text, sizeof(user_text), &has_user);
    (void)getgrgid_r(gid, &group, group_text, sizeof(group_text), &has_group);
    return has_user && has_group && write_access_is_own_group(has_user, has_group);
}

static bool has_list(const char *path)
{
    return getxattr(path, "system.posix_acl_access", NULL, 0) > 0;
}

bool write_access_is_owners(const struct stat *st, const char *path)
{
    if (st->st_mode & S_IWOTH)
        return false;
    if (!(st->st_mode & S_IWGRP))
        return true;
    return is_group_owners(st->st_uid, st->st_gid) && !has_list(path);
}
