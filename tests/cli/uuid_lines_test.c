/* uuid_lines_test.c - what uuid_lines.h promises */
#include "cli/uuid_lines.h"

#include "base/alloc.h"
#include "base/uuid.h"
#include "tests/harness/harness.h"

enum { MANY = 10000 };

static plain_error err;

static size_t line_before(struct uuid_lines *u, const plain_uuid *uuid, size_t number)
{
    size_t before = 0;

    assert_int_equal(uuid_lines_add(u, uuid, number, &before, &err), PLAIN_OK);
    return before;
}

static void each_uuid_is_found_in_its_first_line(void **state)
{
    static plain_uuid uuids[MANY];
    struct uuid_lines u = {0};

    (void)state;
    for (size_t i = 0; i < MANY; i++) {
        uuids[i] = uuid_new();
        assert_int_equal(line_before(&u, &uuids[i], i + 1), 0);
    }
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(line_before(&u, &uuids[i], MANY + i), i + 1);
    assert_int_equal(u.count, MANY);
    uuid_lines_release(&u);
}

static void without_memory_it_stays_as_it_was(void **state)
{
    struct uuid_lines u = {0};
    size_t before, n = 0;
    plain_uuid uuid, first = uuid_new();

    (void)state;
    assert_int_equal(line_before(&u, &first, 1), 0);
    mem_fail_nth(0);
    do
        uuid = uuid_new();
    while (uuid_lines_add(&u, &uuid, ++n + 1, &before, &err) == PLAIN_OK);
    mem_fail_nth(-1);
    assert_int_equal(u.count, n);
    assert_int_equal(line_before(&u, &uuid, n + 1), 0);
    assert_int_equal(line_before(&u, &first, n + 2), 1);
    uuid_lines_release(&u);
}

HARNESS_MAIN(each_uuid_is_found_in_its_first_line, without_memory_it_stays_as_it_was)
