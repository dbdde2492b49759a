#include "base/write_access.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

enum { ENTRY_SIZE = 16384 };

static bool has_other_member(const struct group *group, const char *owner)
{
    for (char **member = group->gr_mem; *member; member++) {
        if (strcmp(*member, owner) != 0)
            return true;
    }
    return false;
}

static bool is_group_owners(uid_t uid, gid_t gid)
{
    char user_text[ENTRY_SIZE], group_text[ENTRY_SIZE];
    struct passwd user, *has_user = NULL;
    struct group group, *has_group = NULL;

    (void)getpwuid_r(uid, &user, user_text, sizeof(user_text), &has_user);
    if (!has_user || user.pw_gid != gid)
        return false;
    (void)getgrgid_r(gid, &group, group_text, sizeof(group_text), &has_group);
    return has_group && strcmp(group.gr_name, user.pw_name) == 0 &&
           !has_other_member(&group, user.pw_name);
}

bool write_access_is_owners(const struct stat *st)
{
    if (st->st_mode & S_IWOTH)
        return false;
    return !(st->st_mode & S_IWGRP) || is_group_owners(st->st_uid, st->st_gid);
}
