/* write_access_test.c - what write_access.h promises, one test a promise */
#include "base/write_access.h"

#include "tests/harness/harness.h"

/* Of every Linux: root, and on Debian daemon, whose groups have the same numbers and no members. */
enum { ROOT = 0, DAEMON = 1, NOBODY_AT_ALL = 4000000 };

static bool is_owners(unsigned mode, unsigned uid, unsigned gid)
{
    const struct stat st = {.st_mode = S_IFREG | mode, .st_uid = uid, .st_gid = gid};

    return write_access_is_owners(&st);
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

HARNESS_MAIN(what_only_its_owner_may_write_is_theirs, what_everybody_may_write_is_not,
             what_a_group_may_write_is_where_it_has_nobody_else)
