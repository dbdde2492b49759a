/* served_test.c - which queues a worker claims from */
#include "worker/served.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "tests/harness/harness.h"

enum { NAMES = 2500 };

static char names[NAMES][16];
static size_t name_count;
static int looks;
static bool broken;

/* What stands for a database: names[], in order. */
static int queue_names(struct store *s, const char *after, size_t limit, struct arena *a,
                       const char *const **out, size_t *count, plain_error *err)
{
    const char **found = arena_array(a, limit, sizeof(*found));

    (void)s;
    looks++;
    *count = 0;
    if (broken)
        return error_set(err, PLAIN_E_UNREACHABLE, 301, "", "away");
    for (size_t i = 0; i < name_count && *count < limit; i++) {
        if (strcmp(names[i], after) > 0)
            found[(*count)++] = names[i];
    }
    *out = found;
    return PLAIN_OK;
}

static const struct store_ops ops = {.queue_names = queue_names};
static struct store store = {.ops = &ops};

static void fill(const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)text_copy(names[i], sizeof(names[i]), list[i]);
    name_count = count;
    looks = 0;
    broken = false;
}

static void plain_names_are_never_looked_up(void **state)
{
    static const char *const given[] = {"default", "mail"};
    struct served s;

    (void)state;
    fill(NULL, 0);
    served_init(&s, given, 2);
    served_note(&s, false);
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.names[1], "mail");
    assert_int_equal(looks, 0);
    served_release(&s);
}

static void a_pattern_is_what_has_requests(void **state)
{
    static const char *const given[] = {"default", "mail*"};
    static const char *const there[] = {"a", "mail", "mailing", "z"};
    struct served s;

    (void)state;
    fill(there, 4);
    served_init(&s, given, 2);
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    assert_int_equal(s.count, 2);
    assert_string_equal(s.names[0], "mail");
    assert_string_equal(s.names[1], "mailing");
    served_release(&s);
}

static void looks_again_after_a_claim_that_was_not_full(void **state)
{
    static const char *const given[] = {"*"};
    static const char *const there[] = {"a", "b"};
    struct served s;

    (void)state;
    fill(there, 1);
    served_init(&s, given, 1);
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    name_count = 0;
    fill(there, 2);
    served_note(&s, true);
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    assert_int_equal(looks, 0); /* work enough in what is known */
    assert_int_equal(s.count, 1);
    s.read_us -= (int64_t)SERVED_AGE_MS * 1000; /* half a second later */
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    assert_int_equal(s.count, 2);
    served_note(&s, false);
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    assert_int_equal(looks, 2);
    served_release(&s);
}

static void more_queues_than_one_look_takes_have_their_turns(void **state)
{
    static const char *const given[] = {"*"};
    struct served s;
    size_t seen = 0;

    (void)state;
    fill(NULL, 0);
    for (int i = 0; i < NAMES; i++)
        (void)snprintf(names[i], sizeof(names[i]), "q%04d", i);
    name_count = NAMES;
    served_init(&s, given, 1);
    for (int look = 0; look < 3; look++) {
        assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
        assert_string_equal(s.names[0], names[seen]);
        assert_int_equal(served_has_more(&s), look < 2);
        seen += s.count;
        served_note(&s, false);
    }
    assert_int_equal(seen, NAMES);
    assert_int_equal(served_refresh(&s, &store, NULL), PLAIN_OK);
    assert_string_equal(s.names[0], names[0]);
    served_release(&s);
}

static void a_look_that_fails_leaves_nothing_and_is_tried_again(void **state)
{
    static const char *const given[] = {"*"};
    static const char *const there[] = {"a"};
    plain_error err;
    struct served s;

    (void)state;
    fill(there, 1);
    served_init(&s, given, 1);
    broken = true;
    assert_int_equal(served_refresh(&s, &store, &err), PLAIN_E_UNREACHABLE);
    assert_int_equal(s.count, 0);
    broken = false;
    assert_int_equal(served_refresh(&s, &store, &err), PLAIN_OK);
    assert_int_equal(s.count, 1);
    served_release(&s);
}

HARNESS_MAIN(plain_names_are_never_looked_up, a_pattern_is_what_has_requests,
             looks_again_after_a_claim_that_was_not_full,
             more_queues_than_one_look_takes_have_their_turns,
             a_look_that_fails_leaves_nothing_and_is_tried_again)
