/* differential_test.c - the two parsers and the two searches agree: fuzz corpus and random text */
#include "tests/harness/harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <plain/jobs/schedule.h>

#include "tests/schedule/oracle.h"

#define CORPUS "tests/fuzz/corpus/schedule"

/* The text of a corpus file, NUL-terminated; false when it is too long to be one. */
static bool read_text(const char *name, char *text, size_t size)
{
    char path[512];

    (void)snprintf(path, sizeof(path), CORPUS "/%s", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, size - 1, f);
    text[n] = '\0';
    bool whole = feof(f) != 0;
    (void)fclose(f);
    return whole;
}

static void agrees_on_the_fuzz_corpus(void **state)
{
    char text[PLAIN_SCHEDULE_MAX_TEXT + 16], caret[PLAIN_SCHEDULE_CARET_SIZE];
    struct dirent *entry;
    DIR *folder = opendir(CORPUS);
    int n = 0;

    (void)state;
    assert_non_null(folder);
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(read_text(entry->d_name, text, sizeof(text)));
        oracle_compare(text);
        assert_true(plain_schedule_caret(text, caret, sizeof(caret)) >= 0);
        n++;
    }
    (void)closedir(folder);
    printf("# %d corpus files replayed\n", n);
    assert_true(n >= 30);
}

/* The same numbers on every machine and in every run. */
static unsigned random_below(unsigned limit)
{
    static uint64_t seed = 20240229;

    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(seed >> 33) % limit;
}

static size_t put_random_value(char *out, size_t size, int low, int high)
{
    static const char *const odd[] = {"",   "60",  "*",  "x",   "-1", "SUN", "fri",
                                      "99", "jan", "dE", "1 2", "07", "00",  "4294967296"};

    if (random_below(40) == 0)
        return (size_t)snprintf(out, size, "%s", odd[random_below(14)]);
    return (size_t)snprintf(out, size, "%d", low + (int)random_below((unsigned)(high - low + 1)));
}

/* One of * a a-b with or without a step; ranges rather run forward. */
static size_t put_random_item(char *out, size_t size, int low, int high)
{
    int middle = low + (int)random_below((unsigned)(high - low + 1));
    size_t n = 0;

    if (random_below(3) == 0) {
        n += (size_t)snprintf(out, size, "*");
    } else {
        n += put_random_value(out + n, size - n, low, middle);
        if (random_below(2)) {
            n += (size_t)snprintf(out + n, size - n, "-");
            n += put_random_value(out + n, size - n, random_below(9) ? middle : low, high);
        }
    }
    if (random_below(4) == 0) {
        n += (size_t)snprintf(out + n, size - n, "/");
        n += put_random_value(out + n, size - n, 1, high);
    }
    return n;
}

static void random_text(char *out, size_t size)
{
    static const int limits[][2] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 7}};
    size_t n = 0;

    for (int field = 0; field < 5; field++) {
        do {
            n += put_random_item(out + n, size - n, limits[field][0], limits[field][1]);
            n += (size_t)snprintf(out + n, size - n, "%s", random_below(5) ? " " : ",");
        } while (out[n - 1] == ',' && n < size / 2);
    }
}

static void agrees_on_random_text(void **state)
{
    unsigned rounds = getenv("PLAIN_STRESS") ? 200000 : 2000, taken = 0;
    char text[1024];
    plain_schedule s;

    (void)state;
    for (unsigned i = 0; i < rounds; i++) {
        random_text(text, sizeof(text));
        oracle_compare(text);
        taken += plain_schedule_parse(text, &s, NULL) == PLAIN_OK;
    }
    printf("# %u random texts compared, %u of them schedules\n", rounds, taken);
    assert_true(taken > rounds / 20);
}

HARNESS_MAIN(agrees_on_the_fuzz_corpus, agrees_on_random_text)
