#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/write_all.h"

/* Room for every pair at its longest, when each of its bytes becomes an escape of six. */
enum { LINE_MAX_SIZE = LOG_PAIRS_MAX * (LOG_TEXT_MAX * 6 + 256) };

/* How long a record may wait for room in a full non-blocking pipe. */
enum { PATIENCE_MS = 100 };

static const char *const level_names[] = {
    [LOG_DEBUG] = "DEBUG",
    [LOG_INFO] = "INFO",
    [LOG_WARNING] = "WARNING",
    [LOG_ERROR] = "ERROR",
};

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static log_sink *current_sink;
static void *current_user;
static log_context_fn *current_context;
static atomic_int lowest_level = LOG_INFO;

void log_set_sink(log_sink *sink, void *user)
{
    (void)pthread_mutex_lock(&sink_lock);
    current_sink = sink;
    current_user = user;
    (void)pthread_mutex_unlock(&sink_lock);
}

bool log_takes(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&lowest_level, memory_order_relaxed);
}

void log_set_context(log_context_fn *context)
{
    (void)pthread_mutex_lock(&sink_lock);
    current_context = context;
    (void)pthread_mutex_unlock(&sink_lock);
}

void log_set_level(enum log_level level)
{
    atomic_store(&lowest_level, (int)level);
}

void log_record(enum log_level level, const char *event, const struct log_pair *pairs, size_t count)
{
    if (!log_takes(level))
        return;

    /* The sink runs outside the lock: it may block, and may itself set another. */
    (void)pthread_mutex_lock(&sink_lock);
    log_sink *sink = current_sink;
    void *user = current_user;
    log_context_fn *context = current_context;
    (void)pthread_mutex_unlock(&sink_lock);

    if (!sink)
        return;
    struct log_pair all[LOG_PAIRS_MAX];
    size_t n = count < LOG_PAIRS_MAX ? count : LOG_PAIRS_MAX;
    for (size_t i = 0; i < n; i++)
        all[i] = pairs[i];
    if (context)
        n += context(all + n, LOG_PAIRS_MAX - n);
    sink(level, event, all, n, user);
}

/* "2026-11-24T06:30:00.123Z" */
static void format_time(char out[CLOCK_TEXT_SIZE])
{
    enum { UP_TO_MILLISECONDS = 23 };

    (void)clock_format(clock_wall_us(), out);
    (void)text_copy(out + UP_TO_MILLISECONDS, CLOCK_TEXT_SIZE - UP_TO_MILLISECONDS, "Z");
}

static bool is_key_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("_.-", c));
}

static void put_key(struct buf *b, const char *key)
{
    for (; *key; key++) {
        if (is_key_character(*key))
            buf_putc(b, *key);
        else
            buf_putc(b, '_');
    }
}

/* Whether a value can stand in logfmt without quotes. A backslash may not, so that a \u escape in
 * a bare value is always one of ours. */
static bool is_bare(const char *s)
{
    for (const char *p = s; *p; p++) {
        if ((*p > 0 && *p <= ' ') || *p == 0x7F || strchr("\"=\\", *p))
            return false;
    }
    return *s != '\0';
}

typedef void put_text(struct buf *b, const char *text);

static void put_logfmt_text(struct buf *b, const char *text)
{
    if (is_bare(text))
        buf_put_escaped(b, text);
    else
        buf_put_json(b, text);
}

static void put_value(struct buf *b, const struct log_pair *pair, put_text *put)
{
    char text[LOG_TEXT_MAX];

    if (pair->text) {
        (void)text_copy(text, sizeof(text), pair->text);
        put(b, text);
    } else {
        buf_putf(b, "%lld", (long long)pair->number);
    }
}

static void put_logfmt_pair(struct buf *b, const struct log_pair *pair)
{
    buf_putc(b, ' ');
    put_key(b, pair->key);
    buf_putc(b, '=');
    put_value(b, pair, put_logfmt_text);
}

static void put_json_pair(struct buf *b, const struct log_pair *pair)
{
    buf_puts(b, ",\"");
    put_key(b, pair->key);
    buf_puts(b, "\":");
    put_value(b, pair, buf_put_json);
}

/* write_all, but a pipe whose reader has gone raises no SIGPIPE: the library must not change how
 * the process treats signals, so it is blocked in this thread and taken off again. */
static void write_quietly(int fd, const char *p, size_t n)
{
    sigset_t pipe_signal, before, pending;

    (void)sigemptyset(&pipe_signal);
    (void)sigaddset(&pipe_signal, SIGPIPE);
    (void)sigemptyset(&pending);
    (void)sigpending(&pending);
    bool was_pending = sigismember(&pending, SIGPIPE) == 1;

    (void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    (void)write_all(fd, p, n, PATIENCE_MS);
    if (!was_pending) {
        while (sigtimedwait(&pipe_signal, NULL, &(struct timespec){0}) < 0 && errno == EINTR)
            continue;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Writes the finished line, or where memory was out `instead`, and releases it. */
static void write_line(int fd, struct buf *line, const char *instead)
{
    int before = errno;

    buf_putc(line, '\n');
    if (buf_ok(line))
        write_quietly(fd, line->data, line->len);
    else
        write_quietly(fd, instead, strlen(instead));
    buf_release(line);
    errno = before;
}

void log_to_logfmt(enum log_level level, const char *event, const struct log_pair *pairs,
                   size_t count, void *user)
{
    struct buf line = BUF_INIT(LINE_MAX_SIZE);
    char time[CLOCK_TEXT_SIZE];

    format_time(time);
    buf_putf(&line, "%s [%s] ", time, level_names[level]);
    buf_put_escaped(&line, event);
    for (size_t i = 0; i < count; i++)
        put_logfmt_pair(&line, &pairs[i]);
    write_line(*(const int *)user, &line, "[ERROR] Out of memory: lost a log record\n");
}

void log_to_json(enum log_level level, const char *event, const struct log_pair *pairs,
                 size_t count, void *user)
{
    struct buf line = BUF_INIT(LINE_MAX_SIZE);
    char time[CLOCK_TEXT_SIZE];

    format_time(time);
    buf_putf(&line, "{\"time\":\"%s\",\"level\":\"%s\",\"event\":", time, level_names[level]);
    buf_put_json(&line, event);
    for (size_t i = 0; i < count; i++)
        put_json_pair(&line, &pairs[i]);
    buf_putc(&line, '}');
    write_line(*(const int *)user, &line,
               "{\"level\":\"ERROR\",\"event\":\"Out of memory: lost a log record\"}\n");
}

void log_bare_line(int fd, const char *text)
{
    struct buf line = BUF_INIT(LINE_MAX_SIZE);

    buf_put_escaped(&line, text);
    write_line(fd, &line, "Out of memory: lost a line\n");
}
