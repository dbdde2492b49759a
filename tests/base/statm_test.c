/* statm_test.c - what statm.h promises, one test a promise */
#include "base/statm.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "tests/harness/harness.h"

enum { MANY = 32 * 1024 * 1024 };

static void what_is_allocated_counts_as_data(void **state)
{
    int64_t before = statm_bytes(0, STATM_DATA);

    (void)state;
    assert_true(before > 0);
    char *block = mem_alloc(MANY);
    assert_non_null(block);
    assert_true(statm_bytes(0, STATM_DATA) >= before + MANY / 2);
    mem_free(block);
}

static void what_is_touched_is_resident(void **state)
{
    int64_t before = statm_bytes(0, STATM_RESIDENT);
    char *block = mem_zalloc(1, MANY);

    (void)state;
    assert_non_null(block);
    for (size_t i = 0; i < MANY; i += 4096)
        block[i] = 1;
    assert_true(statm_bytes((int)getpid(), STATM_RESIDENT) >= before + MANY / 2);
    mem_free(block);
}

static void a_process_that_is_gone_cannot_be_told(void **state)
{
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        harness_end_child(0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(statm_bytes((int)pid, STATM_RESIDENT), -1);
}

HARNESS_MAIN(what_is_allocated_counts_as_data, what_is_touched_is_resident,
             a_process_that_is_gone_cannot_be_told)
