/*
 * schedule_fuzz.c - libFuzzer: cron text, compared with the oracle of tests/schedule
 *
 *     clang -g -fsanitize=fuzzer,address,undefined ... schedule_fuzz.c ../schedule/oracle.c
 *     ./schedule_fuzz corpus/schedule
 *
 * tests/schedule/differential_test.c replays the corpus in the normal run.
 */
#include <stdlib.h>
#include <string.h>

#include <plain/jobs/schedule.h>

#include "tests/schedule/oracle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Text is at most a little longer than what is read, so that the limit is met too. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[PLAIN_SCHEDULE_MAX_TEXT + 16], caret[PLAIN_SCHEDULE_CARET_SIZE];

    if (size >= sizeof(text))
        return 0;
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    oracle_compare(text);
    if (plain_schedule_caret(text, caret, sizeof(caret)) < 0)
        abort();
    return 0;
}
