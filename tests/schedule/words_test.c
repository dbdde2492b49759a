/* words_test.c - schedules in plain words */
#include "tests/harness/harness.h"

#include "base/compiler.h"
#include "schedule/words.h"

static void schedules_are_told_in_plain_words(void **state)
{
    static const char *const rows[][2] = {
        {"* * * * *", "every minute"},
        {"*/5 * * * *", "every 5 minutes"},
        {"@hourly", "every hour"},
        {"20 * * * *", "at minute 20 of every hour"},
        {"5-8,20 * * * *", "at minutes 5 to 8 and 20 of every hour"},
        {"0 9 * * *", "every day at 09:00"},
        {"0,30 9,17 * * *", "every day at 09:00, 09:30, 17:00 and 17:30"},
        {"0 9 * * MON-FRI", "at 09:00 on Monday to Friday"},
        {"0 9 * * SAT,SUN", "at 09:00 on Sunday and Saturday"},
        {"*/15 9-17 * * 1-5", "every 15 minutes of hours 9 to 17 on Monday to Friday"},
        {"*/7 3 * * *", "at minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56 of hour 3"},
        {"@monthly", "at 00:00 on day 1 of the month"},
        {"@yearly", "at 00:00 on day 1 of the month in January"},
        {"0 0 1,15 * MON", "at 00:00 on days 1 and 15 of the month or on Monday"},
        {"0 0 */2 * MON", "at 00:00 on days 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29 "
                          "and 31 of the month if it falls on Monday"},
        {"0 0 1-31 * MON", "every day at 00:00"},
        {"* * * 6-8 *", "every minute in June to August"},
    };
    plain_schedule s;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct buf b = BUF_INIT(1024);

        assert_int_equal(plain_schedule_parse(rows[i][0], &s, NULL), PLAIN_OK);
        schedule_describe(&s, &b);
        assert_string_equal(b.data, rows[i][1]);
        buf_release(&b);
    }
}

HARNESS_MAIN(schedules_are_told_in_plain_words)
