/* write_access_test.c - what write_access.h promises, one test a promise */
#include "base/write_access.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "tests/harness/harness.h"

/* Of every Linux: root, and on Debian daemon, whose groups have the same numbers and no members. */
enum { ROOT = 0, DAEMON = 1, NOBODY_AT_ALL = 4000000 };

static bool is_owners(unsigned mode, unsigned uid, unsigned gid)
{
    const struct stat st = {.st_mode = S_IFREG | mode, .st_uid = uid, .st_gid = gid};

    return write_access_is_owners(&st, "/no/such/file");
}

static void what_only_its_owner_may_write_is_theirs(void **state)
{
    (void)state;
    assert_true(is_owners(0644, ROOT, DAEMON));
    assert_true(is_owners(0755, NOBODY_AT_ALL, NOBODY_AT_ALL));
}

static void what_everybody_may_write_is_not(void **state)
{
    (void)state;
    assert_false(is_owners(0646, ROOT, ROOT));
    assert_false(is_owners(0666, ROOT, ROOT));
}

static void what_a_group_may_write_is_where_it_has_nobody_else(void **state)
{
    (void)state;
    assert_true(is_owners(0664, ROOT, ROOT));
    assert_true(is_owners(0775, DAEMON, DAEMON));
    assert_false(is_owners(0664, ROOT, DAEMON));
    assert_false(is_owners(0664, DAEMON, ROOT));
    assert_false(is_owners(0664, NOBODY_AT_ALL, NOBODY_AT_ALL));
    assert_false(is_owners(0664, ROOT, NOBODY_AT_ALL));
}

static void a_group_with_another_member_is_nobodys_own(void **state)
{
    char ada[] = "ada", bob[] = "bob", *alone[] = {ada, NULL}, *both[] = {ada, bob, NULL};
    const struct passwd owner = {.pw_name = ada, .pw_uid = 1000, .pw_gid = 1000};
    struct group group = {.gr_name = ada, .gr_gid = 1000, .gr_mem = alone};

    (void)state;
    assert_true(write_access_is_own_group(&owner, &group));
    assert_true(write_access_is_own_group(
        &owner, &(struct group){.gr_name = ada, .gr_gid = 1000, .gr_mem = alone + 1}));
    group.gr_mem = both;
    assert_false(write_access_is_own_group(&owner, &group));
    group = (struct group){.gr_name = bob, .gr_gid = 1000, .gr_mem = alone};
    assert_false(write_access_is_own_group(&owner, &group));
    group = (struct group){.gr_name = ada, .gr_gid = 1001, .gr_mem = alone};
    assert_false(write_access_is_own_group(&owner, &group));
}

/* As setfacl -m u:eve:rw leaves it: for the owner, eve, the group, the mask and others. */
static void a_file_with_an_access_control_list_is_not(void **state)
{
    enum { VERSION = 2, READ_WRITE = 6, READ = 4, EVE = 12345 };
    enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, MASK = 0x10, OTHER = 0x20 };
    const struct {
        uint32_t version;
        struct {
            uint16_t tag, permissions;
            uint32_t id;
        } entries[5];
    } list = {VERSION,
              {{USER_OBJ, READ_WRITE, UINT32_MAX},
               {USER, READ_WRITE, EVE},
               {GROUP_OBJ, READ, UINT32_MAX},
               {MASK, READ_WRITE, UINT32_MAX},
               {OTHER, READ, UINT32_MAX}}};
    struct stat st;

    (void)state;
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/listed", harness_tmpdir());
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0664);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0664), 0);
    (void)close(fd);
    assert_int_equal(stat(path, &st), 0);
    bool before = write_access_is_owners(&st, path);
    if (setxattr(path, "system.posix_acl_access", &list, sizeof(list), 0) != 0) {
        assert_int_equal(errno, ENOTSUP); /* then no file there has one */
        return;
    }
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0664);
    assert_false(write_access_is_owners(&st, path));
    assert_int_equal(before, is_owners(0664, st.st_uid, st.st_gid));
}

HARNESS_MAIN(what_only_its_owner_may_write_is_theirs, what_everybody_may_write_is_not,
             what_a_group_may_write_is_where_it_has_nobody_else,
             a_group_with_another_member_is_nobodys_own, a_file_with_an_access_control_list_is_not)
