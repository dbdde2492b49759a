/*
 * words.h - schedules for people: in plain words, and what is wrong with a cron text
 */
#ifndef PLAIN_SCHEDULE_WORDS_H
#define PLAIN_SCHEDULE_WORDS_H

#include <plain/jobs/schedule.h>

#include "base/buf.h"
#include "schedule/cron.h"

/*
 * Appends a schedule in English: "every day at 09:00", "every 15 minutes of hours 9 to 17 on Monday
 * to Friday". s is sound.
 */
void schedule_describe(const plain_schedule *s, struct buf *out);

/* Appends the text, a newline and the carets with the reason, as plain_schedule_caret() has it. */
void words_put_caret(struct buf *out, const char *text, const struct cron_fault *fault);

#endif
