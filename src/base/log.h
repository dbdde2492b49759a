/*
 * log.h - records for people and machines
 *
 * A record is a level, an event ("Completed job") and up to 16 pairs. The library hands records to
 * a sink and has none by default; the programs write logfmt lines or JSON to stderr:
 *
 *     2026-11-24T06:30:00.123Z [INFO] Completed job job_class=WelcomeUserJob job_duration=0.003
 *     {"time":"2026-11-24T06:30:00.123Z","level":"INFO","event":"Completed job","job_class":...}
 *
 * Every value is escaped (see buf_put_escaped), so that no job can forge a line; in logfmt one with
 * blanks, quotes, '=' or nothing in it is written as a JSON string; in a key all but letters,
 * digits and "_.-" becomes '_'. One write(2) a record, so that lines of several processes do not
 * mix (on a pipe up to PIPE_BUF, 4,096 bytes). A text is cut at LOG_TEXT_MAX bytes. A reader that
 * has gone or does not read for 100 ms on a non-blocking descriptor costs the record, never the
 * program. Threads: any may record; sink and level may be changed at any time.
 */
#ifndef PLAIN_BASE_LOG_H
#define PLAIN_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum { LOG_PAIRS_MAX = 16, LOG_TEXT_MAX = 4096 };

struct log_pair {
    const char *key;
    const char *text; /* NULL: the number is meant */
    int64_t number;
};
#define LOG_TEXT(k, v)                                                                             \
    (struct log_pair)                                                                              \
    {                                                                                              \
        .key = (k), .text = (v)                                                                    \
    }
#define LOG_NUMBER(k, v)                                                                           \
    (struct log_pair)                                                                              \
    {                                                                                              \
        .key = (k), .number = (v)                                                                  \
    }

typedef void log_sink(enum log_level level, const char *event, const struct log_pair *pairs,
                      size_t count, void *user);

void log_set_sink(log_sink *sink, void *user); /* NULL: nowhere */
void log_set_level(enum log_level level);      /* LOG_INFO at first */
bool log_takes(enum log_level level);          /* whether such a record goes anywhere at all */

/* Writes pairs that stand behind those of every record, at most room, and returns how many. It is
 * called by the thread that records; texts need to live until that has recorded. NULL: none. */
typedef size_t log_context_fn(struct log_pair *pairs, size_t room);
void log_set_context(log_context_fn *context);

void log_record(enum log_level level, const char *event, const struct log_pair *pairs,
                size_t count);
#define log_event(level, event, ...)                                                               \
    log_record((level), (event), (const struct log_pair[]){__VA_ARGS__},                           \
               sizeof((const struct log_pair[]){__VA_ARGS__}) / sizeof(struct log_pair))

/* Whether what happens again and again is recorded this time: the 1st, 2nd, 4th, 8th ... */
static inline bool log_takes_time(unsigned times)
{
    return (times & (times - 1)) == 0;
}

/* A line of somebody else's text to fd, escaped as values are, with the patience of a record. */
void log_bare_line(int fd, const char *text);

/* Sinks for programs. user is a pointer to an int, the descriptor to write to. */
log_sink log_to_logfmt;
log_sink log_to_json;

#endif
