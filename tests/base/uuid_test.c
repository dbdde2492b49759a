/* uuid_test.c - what uuid.h and plain/jobs/uuid.h promise, one test a promise */
#include "base/uuid.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

#include "tests/harness/harness.h"

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(plain_uuid));
}

/* The milliseconds that a version 7 uuid holds. */
static int64_t uuid_ms(const plain_uuid *u)
{
    int64_t ms = 0;

    for (size_t i = 0; i < 6; i++)
        ms = ms << 8 | u->bytes[i];
    return ms;
}

static void is_version_7_of_now(void **state)
{
    int64_t before = clock_wall_us() / US_PER_MS;
    plain_uuid u = plain_uuid_new();
    (void)state;
    assert_int_equal(u.bytes[6] >> 4, 7);
    assert_int_equal(u.bytes[8] >> 6, 2);
    assert_in_range(uuid_ms(&u), before, clock_wall_us() / US_PER_MS);
}

static void rises_within_a_thread(void **state)
{
    plain_uuid last = uuid_new();
    (void)state;
    for (int i = 0; i < 200000; i++) {
        plain_uuid next = uuid_new();

        assert_true(compare(&last, &next) < 0);
        last = next;
    }
}

static int64_t long_ago(void)
{
    return 0;
}

static void rises_when_the_clock_goes_back(void **state)
{
    static const struct clock_source source = {.wall_us = long_ago, .mono_us = clock_mono_us};
    plain_uuid before = uuid_new();
    (void)state;
    clock_set_source(&source);
    plain_uuid after = uuid_new();
    clock_set_source(NULL);
    assert_true(compare(&before, &after) < 0);
}

enum { THREADS = 8, EACH = 20000 };

static void *make_many(void *p)
{
    plain_uuid *out = p;

    for (int i = 0; i < EACH; i++)
        out[i] = uuid_new();
    return NULL;
}

static void threads_never_make_the_same_time_part(void **state)
{
    static plain_uuid made[THREADS][EACH];
    pthread_t threads[THREADS];
    (void)state;
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, make_many, made[i]), 0);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);

    plain_uuid *all = made[0];
    qsort(all, (size_t)THREADS * EACH, sizeof(*all), compare);
    for (size_t i = 1; i < (size_t)THREADS * EACH; i++)
        assert_int_not_equal(memcmp(all[i - 1].bytes, all[i].bytes, 8), 0);
}

static void a_child_draws_other_randomness(void **state)
{
    enum { DRAWN = 8 };
    unsigned long long ours[DRAWN], theirs[DRAWN];
    int fds[2];
    (void)state;
    (void)random_u64(); /* the pool that the child inherits is full */
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < DRAWN; i++)
            theirs[i] = random_u64();
        _exit(write(fds[1], theirs, sizeof(theirs)) == (ssize_t)sizeof(theirs) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(read(fds[0], theirs, sizeof(theirs)), sizeof(theirs));
    close(fds[0]);
    close(fds[1]);
    for (size_t i = 0; i < DRAWN; i++) {
        ours[i] = random_u64();
        for (size_t j = 0; j < DRAWN; j++)
            assert_true(ours[i] != theirs[j]);
    }
}

static void zero_and_equal(void **state)
{
    plain_uuid zero = {{0}};
    plain_uuid u = uuid_new();
    plain_uuid copy = u;
    (void)state;
    assert_true(uuid_is_zero(&zero));
    assert_false(uuid_is_zero(&u));
    assert_true(uuid_equal(&u, &copy));
    copy.bytes[15] ^= 1;
    assert_false(uuid_equal(&u, &copy));
}

static const plain_uuid example = {{0x01, 0x92, 0xF3, 0xC4, 0x00, 0x0A, 0x7B, 0xCD, 0x8E, 0xEF,
                                    0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC}};

static void format_writes_lower_case_with_hyphens(void **state)
{
    char out[PLAIN_UUID_TEXT];
    (void)state;
    assert_ptr_equal(plain_uuid_format(&example, out), out);
    assert_string_equal(out, "0192f3c4-000a-7bcd-8eef-123456789abc");
}

static void parse_reads_both_forms_in_any_case(void **state)
{
    static const char *const good[] = {
        "0192f3c4-000a-7bcd-8eef-123456789abc",
        "0192F3C4-000A-7BCD-8EEF-123456789ABC",
        "0192f3c4000a7bcd8eef123456789abc",
        "0192F3c4000A7bcd8EEF123456789aBC",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        plain_uuid u = {{0}};

        assert_true(plain_uuid_parse(good[i], &u));
        assert_true(uuid_equal(&u, &example));
    }
}

static void parse_refuses_all_else_and_leaves_out_alone(void **state)
{
    static const char *const bad[] = {
        NULL,
        "",
        "0192f3c4-000a-7bcd-8eef-123456789ab",
        "0192f3c4-000a-7bcd-8eef-123456789abcd",
        "0192f3c4-000a-7bcd-8eef-123456789abg",
        "0192f3c4-000a-7bcd-8eef123456789abc0",
        "0192f3c4000a-7bcd-8eef-123456789-abc",
        "{0192f3c4000a7bcd8eef123456789abc}",
        " 0192f3c4-000a-7bcd-8eef-123456789ab",
        "0192f3c4_000a_7bcd_8eef_123456789abc",
        "----------------------------------------",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        plain_uuid u = example;

        assert_false(plain_uuid_parse(bad[i], &u));
        assert_true(uuid_equal(&u, &example));
    }
}

HARNESS_MAIN(is_version_7_of_now, rises_within_a_thread, rises_when_the_clock_goes_back,
             threads_never_make_the_same_time_part, a_child_draws_other_randomness, zero_and_equal,
             format_writes_lower_case_with_hyphens, parse_reads_both_forms_in_any_case,
             parse_refuses_all_else_and_leaves_out_alone)
