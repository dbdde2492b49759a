#define _GNU_SOURCE
#include "tests/harness/harness.h"

#include <ctype.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"

enum { MAX_TESTS = 256, MAX_NAME = 256, OPEN_FOLDERS = 16 };

static char tmpdir[PATH_MAX];
static pid_t tmpdir_owner;

static void die(const char *what)
{
    fprintf(stderr, "harness: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

static int remove_entry(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* A forked child that exits must not take its parent's folder away. */
static void remove_tmpdir(void)
{
    if (tmpdir_owner == getpid())
        (void)nftw(tmpdir, remove_entry, OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS);
}

const char *harness_tmpdir(void)
{
    const char *parent = getenv("TMPDIR");

    if (tmpdir[0])
        return tmpdir;
    int n = snprintf(tmpdir, sizeof(tmpdir), "%s/plain-test-XXXXXX", parent ? parent : "/tmp");
    if (n < 0 || (size_t)n >= sizeof(tmpdir) || !mkdtemp(tmpdir))
        die("cannot make a temporary folder");
    tmpdir_owner = getpid();
    if (atexit(remove_tmpdir) != 0)
        die("atexit");
    return tmpdir;
}

void harness_end_child(int code)
{
    char command[32];

    (void)snprintf(command, sizeof(command), "exit %d", code);
    (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(127);
}

void harness_fail_allocation(unsigned nth)
{
    mem_fail_nth((long)nth);
}

bool harness_allocation_failed(void)
{
    bool failed = mem_failed() != 0;

    mem_fail_nth(-1);
    return failed;
}

void harness_fail_each_allocation(int (*work)(void), int nomem)
{
    bool failed = true;

    for (unsigned nth = 0; failed; nth++) {
        harness_fail_allocation(nth);
        int result = work();
        failed = harness_allocation_failed();
        if (!failed || nomem != 0)
            assert_int_equal(result, failed ? nomem : 0);
    }
}

/* Copies the next of "one, two, three" to name; returns what follows it. */
static const char *next_name(const char *names, char name[MAX_NAME])
{
    size_t length;

    names += strspn(names, " ,\n\t");
    length = strcspn(names, " ,\n\t");
    if (length >= MAX_NAME) {
        errno = ENAMETOOLONG;
        die(names);
    }
    memcpy(name, names, length);
    name[length] = '\0';
    return names + length;
}

static bool is_wanted(const char *file, const char *name)
{
    const char *wanted = getenv("T");
    char full[PATH_MAX];

    if (!wanted || !*wanted)
        return true;
    while (strncmp(file, "../", 3) == 0)
        file += 3;
    (void)snprintf(full, sizeof(full), "%s::%s", file, name);
    return strcasestr(full, wanted) != NULL;
}

int harness_run(const char *file, const char *names, harness_test *const *tests, size_t n)
{
    static char kept[MAX_TESTS][MAX_NAME];
    static struct CMUnitTest wanted[MAX_TESTS];
    size_t count = 0;

    for (size_t i = 0; i < n && count < MAX_TESTS; i++) {
        names = next_name(names, kept[count]);
        if (!is_wanted(file, kept[count]))
            continue;
        wanted[count].name = kept[count];
        wanted[count].test_func = tests[i];
        count++;
    }
    if (count == MAX_TESTS) {
        fprintf(stderr, "harness: %s has more than %d tests: split it\n", file, MAX_TESTS - 1);
        return EXIT_FAILURE;
    }
    if (count == 0)
        return EXIT_SUCCESS;
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests(file, wanted, count, NULL, NULL);
}

void harness_assert_written(struct buf *b, const char *expected)
{
    assert_true(buf_ok(b));
    assert_string_equal(b->data, expected);
    buf_release(b);
}
