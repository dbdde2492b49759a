/*
 * output.c - what runners write to stdout, stderr and the log
 *
 * See runner/output.h for how bytes find their job. The last OUTPUT_KEPT bytes of a job are kept
 * for its result; every line also goes to the worker's log, with the ids of its job. What a job
 * writes is always read, so that it never waits for us, however much it is; but a log takes only so
 * much: beyond LOG_RATE bytes a second of one runner its records are left out there, and counted.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "worker/state.h"

enum {
    OUTPUT_KEPT = 64 * 1024,
    CHUNK_SIZE = 64 * 1024,
    CHUNKS_AT_ONCE = 4,           /* then the other runners have their turn */
    CHUNKS_OF_DEAD = 32,          /* somebody whom it left behind may go on writing */
    LINE_SIZE = LOG_TEXT_MAX - 1, /* a longer one becomes several */
    LOG_RATE = 1024 * 1024,
    RECORD_COST = 256 /* bytes that a record has beside its line */
};

int output_open(struct runner *r, int *theirs, plain_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe for a runner's output");
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    r->output = (struct runner_output){.fd = ends[0], .line = BUF_INIT((size_t)LINE_SIZE + 1)};
    *theirs = ends[1];
    return PLAIN_OK;
}

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

static void stop_watching(struct runner *r)
{
    if (r->output.poll)
        uv_close((uv_handle_t *)r->output.poll, free_handle);
    r->output.poll = NULL;
}

static struct work *find_work(const struct runner *r, uint64_t seq)
{
    struct work *k = seq > 0 ? r->given.head : NULL;

    while (k && k->seq != seq)
        k = k->next;
    return k;
}

/* In the worker's file too, for whoever finds that this worker was killed. */
static void keep(struct runner *r, struct work *k, const char *p, size_t n)
{
    if (!k || k->kind != WORK_JOB)
        return;
    if (k->noted)
        progress_note_output(r->progress, k->noted, p, n);
    if (!k->tail) {
        k->tail = mem_zalloc(1, sizeof(*k->tail));
        if (!k->tail)
            return;
        *k->tail = (struct tail)TAIL_INIT(OUTPUT_KEPT);
    }
    tail_add(k->tail, p, n);
}

/* A record about a job, or about the runner when there is none. */
static void log_about(const struct runner *r, const struct work *k, enum log_level level,
                      const char *event, struct log_pair pair)
{
    char request[PLAIN_UUID_TEXT], token[PLAIN_UUID_TEXT];

    if (!k)
        log_event(level, event, pair, LOG_NUMBER("runner_pid", r->pid));
    else
        log_event(level, event, pair, LOG_TEXT("job_class", k->claim->job_class),
                  LOG_TEXT("job_request_uuid", plain_uuid_format(&k->claim->request_uuid, request)),
                  LOG_TEXT("job_process_uuid", plain_uuid_format(&k->claim->token, token)));
}

/* At most once a second, so that this is no flood of its own. */
static void tell_left_out(struct runner *r)
{
    struct runner_output *o = &r->output;

    if (o->left_out > 0)
        log_about(r, NULL, LOG_WARNING, "Job output left out of the log",
                  LOG_NUMBER("records", o->left_out));
    o->left_out = 0;
}

/* Whether the log takes a record of n bytes more now. What is missing at a second's end is told. */
static bool may_log(struct runner *r, enum log_level level, size_t n)
{
    struct runner_output *o = &r->output;
    int64_t now = clock_mono_us(), cost = (int64_t)n + RECORD_COST;

    if (!log_takes(level))
        return false;
    if (now - o->second_us >= US_PER_S) {
        tell_left_out(r);
        o->second_us = now;
        o->budget = LOG_RATE;
    }
    if (o->budget < cost) {
        o->left_out++;
        return false;
    }
    o->budget -= cost;
    return true;
}

/* With --quiet a line is not worth a record, and stands for itself. */
static void log_line(struct runner *r, const struct work *k)
{
    struct runner_output *o = &r->output;
    bool bare = r->worker->options->bare_output;

    if (o->line.len > 0 && may_log(r, bare ? LOG_ERROR : LOG_INFO, o->line.len)) {
        if (bare)
            log_bare_line(STDOUT_FILENO, o->line.data);
        else
            log_about(r, k, LOG_INFO, k ? "Job output" : "Runner output",
                      LOG_TEXT("output", o->line.data));
    }
    buf_reset(&o->line);
}

/* A NUL would end the text of a record. */
static void put_in_line(struct buf *line, const char *p, size_t n)
{
    size_t at = line->len;

    buf_put(line, p, n);
    for (; buf_ok(line) && at < line->len; at++) {
        if (line->data[at] == '\0')
            line->data[at] = ' ';
    }
}

/* How many bytes at its end begin a character that goes on behind them. */
static size_t begun_character(const struct buf *line)
{
    enum { LONGEST = 4 };

    for (size_t n = 1; n < LONGEST && n <= line->len; n++) {
        unsigned char c = (unsigned char)line->data[line->len - n];
        size_t whole = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;

        if (whole > 1 || c < 0x80)
            return n < whole ? n : 0;
    }
    return 0;
}

/* One that is too long for a record, up to there; a character is not cut in two. */
static void log_full_line(struct runner *r, const struct work *k)
{
    struct buf *line = &r->output.line;
    size_t begun = buf_ok(line) ? begun_character(line) : 0;
    char rest[4];

    memcpy(rest, line->data + line->len - begun, begun);
    line->len -= begun;
    line->data[line->len] = '\0';
    log_line(r, k);
    buf_put(line, rest, begun);
}

static void add_to_log(struct runner *r, const struct work *k, const char *p, size_t n)
{
    struct buf *line = &r->output.line;

    while (n > 0) {
        const char *newline = memchr(p, '\n', n);
        size_t piece = newline ? (size_t)(newline - p) : n;
        size_t room = LINE_SIZE - line->len;
        bool is_whole = newline && piece <= room;

        if (piece > room)
            piece = room;
        put_in_line(line, p, piece);
        if (is_whole)
            log_line(r, k);
        else if (line->len == LINE_SIZE || !buf_ok(line))
            log_full_line(r, k);
        piece += is_whole;
        p += piece;
        n -= piece;
    }
}

static void add(struct runner *r, uint64_t seq, const char *p, size_t n)
{
    struct work *k = find_work(r, seq);

    if (seq != r->output.line_seq) {
        log_line(r, find_work(r, r->output.line_seq));
        r->output.line_seq = seq;
    }
    keep(r, k, p, n);
    add_to_log(r, k, p, n);
}

/* Reads once: false when there is nothing more for now. */
static bool read_chunk(struct runner *r)
{
    static char chunk[CHUNK_SIZE];
    struct progress *p = r->progress;

    atomic_store(&p->reading, 1);
    ssize_t n = read(r->output.fd, chunk, sizeof(chunk));
    uint64_t entered = atomic_load(&p->entered), ended = atomic_load(&p->ended);
    uint64_t logged = atomic_load(&p->logged);
    atomic_store(&p->reading, 0);
    process_catch_up(r, logged);
    if (n > 0)
        add(r, ended < entered ? entered : 0, chunk, (size_t)n);
    else if (n == 0) /* nobody can write any more */
        stop_watching(r);
    process_go_on(r);
    return n == sizeof(chunk) || (n < 0 && errno == EINTR);
}

void output_readable(uv_poll_t *poll, int status, int events)
{
    struct runner *r = poll->data;
    uint64_t logged = r->output.logged;

    (void)status;
    (void)events;
    for (int i = 0; i < CHUNKS_AT_ONCE && read_chunk(r); i++)
        continue;
    if (r->output.logged > logged) /* frames were handled */
        pump(r->worker);
}

void output_read_rest(struct runner *r)
{
    for (int i = 0; r->output.fd >= 0 && i < CHUNKS_OF_DEAD && read_chunk(r); i++)
        continue;
}

void output_passed_on(struct runner *r, const struct frame_output *f)
{
    add(r, f->seq, f->bytes, f->size);
}

void output_logged(struct runner *r, const struct frame_log *f)
{
    static const char *const words[] = {[LOG_DEBUG] = "[DEBUG] ",
                                        [LOG_INFO] = "[INFO] ",
                                        [LOG_WARNING] = "[WARNING] ",
                                        [LOG_ERROR] = "[ERROR] "};
    struct work *k = find_work(r, f->seq);
    const char *word = words[f->level];

    r->output.logged++;
    if (may_log(r, (enum log_level)f->level, strlen(f->event)))
        log_record((enum log_level)f->level, f->event, f->pairs, f->count);
    keep(r, k, word, strlen(word));
    keep(r, k, f->event, strlen(f->event));
    keep(r, k, "\n", 1);
}

void output_settle(struct runner *r, struct work *k)
{
    if (r->output.line_seq == k->seq) {
        log_line(r, k);
        r->output.line_seq = 0;
    }
    if (!k->tail)
        return;
    mem_free(k->output);
    k->output = tail_text(k->tail);
    tail_release(k->tail);
    mem_free(k->tail);
    k->tail = NULL;
}

void output_close(struct runner *r)
{
    stop_watching(r);
    if (r->output.fd >= 0) {
        log_line(r, NULL);
        tell_left_out(r);
        (void)close(r->output.fd);
    }
    buf_release(&r->output.line);
    r->output.fd = -1;
}
