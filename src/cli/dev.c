#define _GNU_SOURCE
#include "cli/dev.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/dev_lines.h"
#include "cli/dev_output.h"
#include "worker/keeper.h"
#include "worker/loop_child.h"
#include "worker/stop_signals.h"

enum {
    RESTART_FIRST_MS = 500,
    RESTART_MAX_MS = 30000,
    STEADY_MS = 10000, /* who lived so long has not failed at once */
    ROOM_MS = 10,      /* how often a full stdout is looked at */
    FINISH_MS = 2000,  /* how long the last lines wait for room */
    WAITING_MAX = 1024 * 1024,
    READ_SIZE = 16 * 1024,
    SAY_SIZE = 512
};

static const enum paint paints[] = {PAINT_BLUE, PAINT_GREEN, PAINT_YELLOW};

struct dev;

struct entry {
    struct dev *dev;
    const struct dev_program *program;
    struct dev_lines lines;
    struct kept kept; /* also without a keeper */
    uv_poll_t *output_poll;
    int output; /* -1: closed */
    uv_timer_t restart;
    int64_t started_us;
    unsigned failures; /* in a row */
    bool waits;        /* for its restart */
};

struct dev {
    const struct dev_options *options;
    uv_loop_t loop;
    struct stop_signals signals;
    uv_timer_t grace;
    struct dev_lines own;
    struct dev_output output;
    uv_timer_t room;
    bool holds; /* their output waits in their pipes */
    struct entry *entries;
    int signalled; /* how often we were told to stop */
    int unread;    /* our stdout takes no more: the error's number */
};

static void start_entry(struct entry *e);
static void on_room(uv_timer_t *timer);
static void begin_stop(struct dev *d);

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

/* ---- what we print ---- */

static void on_output(uv_poll_t *poll, int status, int events);

static void watch_entry(const struct entry *e)
{
    if (!e->output_poll)
        return;
    if (e->dev->holds)
        (void)uv_poll_stop(e->output_poll);
    else
        (void)uv_poll_start(e->output_poll, UV_READABLE | UV_DISCONNECT, on_output);
}

/* Where the terminal or the pipe is full they wait, as if they wrote to it themselves: what is
 * printed is what happened. */
static void hold(struct dev *d, bool holds)
{
    if (d->holds == holds)
        return;
    d->holds = holds;
    for (size_t i = 0; i < d->options->count; i++)
        watch_entry(&d->entries[i]);
}

/* Nobody is there to be told anything: ends as by a signal. */
static void heed(struct dev *d, int failed)
{
    if (!failed || d->unread)
        return;
    d->unread = failed;
    if (d->signalled == 0)
        begin_stop(d);
}

/* Once they are to stop they are read on, so that none waits for us with its end. */
static void push(struct dev *d)
{
    heed(d, dev_output_push(&d->output));
    bool waits = dev_output_waits(&d->output);
    if (waits)
        (void)uv_timer_start(&d->room, on_room, ROOM_MS, 0);
    hold(d, waits && d->signalled == 0);
}

/* NULL: nobody reads it, or it would be too much for who does not read while all is ending. */
static struct buf *room_for_lines(struct dev *d)
{
    struct buf *waiting = &d->output.waiting;
    bool is_lost = d->unread || (d->signalled > 0 && waiting->len > WAITING_MAX);

    return is_lost ? NULL : waiting;
}

static void say(struct dev *d, const char *fmt, ...) PLAIN_PRINTF(2, 3);
static void say(struct dev *d, const char *fmt, ...)
{
    struct buf *out = room_for_lines(d);
    char text[SAY_SIZE];
    va_list ap;

    if (d->options->quiet || !out)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    dev_lines_say(&d->own, text, out);
    push(d);
}

/* ---- the end ---- */

static bool is_done(const struct dev *d)
{
    for (size_t i = 0; i < d->options->count; i++) {
        const struct entry *e = &d->entries[i];

        if (loop_child_runs(&e->kept.process) || (e->waits && d->signalled == 0))
            return false;
    }
    return d->signalled > 0 || !dev_output_waits(&d->output);
}

static void on_room(uv_timer_t *timer)
{
    struct dev *d = timer->data;

    push(d);
    if (is_done(d))
        uv_stop(&d->loop);
}

static void signal_all(struct dev *d, int number)
{
    for (size_t i = d->options->count; i-- > 0;) /* the last one first */
        child_signal_group(&d->entries[i].kept.process.child, number);
}

static void kill_all(struct dev *d)
{
    for (size_t i = 0; i < d->options->count; i++) {
        if (loop_child_runs(&d->entries[i].kept.process))
            say(d, "%s is killed", d->entries[i].program->name);
    }
    signal_all(d, SIGKILL);
}

static void on_grace(uv_timer_t *timer)
{
    kill_all(timer->data);
}

static void begin_stop(struct dev *d)
{
    d->signalled++;
    hold(d, false);
    for (size_t i = 0; i < d->options->count; i++)
        (void)uv_timer_stop(&d->entries[i].restart);
    signal_all(d, SIGTERM);
    uv_update_time(&d->loop);
    (void)uv_timer_start(&d->grace, on_grace, (uint64_t)d->options->grace_ms, 0);
    if (is_done(d))
        uv_stop(&d->loop);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct dev *d = handle->data;

    (void)number;
    if (d->signalled == 0) {
        begin_stop(d); /* counts the signal, before say() finds that nobody reads us */
        say(d, "stopping");
    } else if (d->signalled++ == 1) {
        say(d, "stopping at once");
        signal_all(d, SIGTERM);
    } else {
        kill_all(d);
    }
}

/* ---- output ---- */

static void close_output(struct entry *e)
{
    struct buf *out = room_for_lines(e->dev);

    if (e->output < 0)
        return;
    if (e->output_poll)
        uv_close((uv_handle_t *)e->output_poll, free_handle);
    e->output_poll = NULL;
    (void)close(e->output);
    e->output = -1;
    if (out) {
        dev_lines_end(&e->lines, out);
        push(e->dev);
    }
}

/* At most so many pieces at once, so that one that prints for ever does not keep us from others. */
static void read_output(struct entry *e, int pieces)
{
    char bytes[READ_SIZE];

    while (pieces-- > 0 && e->output >= 0) {
        ssize_t n = read(e->output, bytes, sizeof(bytes));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN)
            return;
        struct buf *out = room_for_lines(e->dev);
        if (n <= 0) {
            close_output(e);
        } else if (out) {
            dev_lines_put(&e->lines, bytes, (size_t)n, out);
            push(e->dev);
        }
    }
}

static void on_output(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    read_output(poll->data, 1);
}

/* ---- programs ---- */

static void on_restart(uv_timer_t *timer)
{
    start_entry(timer->data);
}

static void restart_later(struct entry *e, const char *how)
{
    unsigned shift = e->failures < 6 ? e->failures : 6;
    int64_t delay = (int64_t)RESTART_FIRST_MS << shift;

    delay = delay > RESTART_MAX_MS ? RESTART_MAX_MS : delay;
    e->failures++;
    e->waits = true;
    say(e->dev, "%s %s, and starts again in %d.%d s", e->program->name, how,
        (int)(delay / MS_PER_S), (int)(delay % MS_PER_S / 100));
    if (e->dev->signalled > 0)
        return;
    uv_update_time(&e->dev->loop);
    (void)uv_timer_start(&e->restart, on_restart, (uint64_t)delay, 0);
}

static void on_end(struct loop_child *c, const struct child_end *end, void *user)
{
    enum { LAST_PIECES = 64 }; /* more than a pipe holds */
    struct entry *e = user;
    struct dev *d = e->dev;
    char how[64], text[96];

    (void)c;
    read_output(e, LAST_PIECES);
    close_output(e);
    if (clock_mono_us() - e->started_us > (int64_t)STEADY_MS * US_PER_MS)
        e->failures = 0;
    (void)snprintf(text, sizeof(text), "ended with %s", child_end_text(end, how, sizeof(how)));
    if (d->signalled == 0 && end->exit_code != 0)
        restart_later(e, text);
    else
        say(d, "%s %s", e->program->name, text);
    if (is_done(d))
        uv_stop(&d->loop);
}

static int watch_output(struct entry *e, int fd, plain_error *err)
{
    e->output = fd;
    e->output_poll = mem_zalloc(1, sizeof(*e->output_poll));
    if (!e->output_poll)
        return error_nomem(err);
    int failed = uv_poll_init(&e->dev->loop, e->output_poll, fd);
    if (failed) {
        mem_free(e->output_poll);
        e->output_poll = NULL;
        return error_set(err, PLAIN_E_IO, 705, "", "reading from %s: %s", e->program->name,
                         uv_strerror(failed));
    }
    e->output_poll->data = e;
    watch_entry(e);
    return PLAIN_OK;
}

static int spawn(struct entry *e, plain_error *err)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a pipe for %s", e->program->name);
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK); /* our end alone */
    const int fds[] = {-1, ends[1], ends[1]};
    const struct dev_program *p = e->program;
    const struct child_spec spec = {
        .path = p->path,
        .argv = p->argv,
        .fds = fds,
        .fd_count = ARRAY_SIZE(fds),
        .own_session = true, /* Ctrl-C comes to us alone, and we tell them in order */
        .die_with_parent = true,
    };
    const struct keeper_spec kept = {
        .path = p->path, .argv = p->argv, .out = ends[1], .err_out = ends[1]};
    int r = watch_output(e, ends[0], err);
    if (r == PLAIN_OK && p->ends_alone)
        r = loop_child_start(&e->dev->loop, &spec, on_end, e, &e->kept.process, err);
    else if (r == PLAIN_OK)
        r = keeper_start(&e->dev->loop, &kept, on_end, e, &e->kept, err);
    (void)close(ends[1]);
    if (r < 0)
        close_output(e);
    return r;
}

static void start_entry(struct entry *e)
{
    plain_error err;

    e->waits = false;
    e->started_us = clock_mono_us();
    if (spawn(e, &err) < 0)
        restart_later(e, err.message);
}

/* ---- start ---- */

static int name_width(const struct dev_options *options)
{
    size_t width = strlen("dev");

    for (size_t i = 0; i < options->count; i++) {
        size_t n = strlen(options->programs[i].name);

        width = n > width ? n : width;
    }
    return (int)width;
}

static void init_entries(struct dev *d)
{
    const struct dev_options *o = d->options;
    int width = name_width(o);

    d->output = (struct dev_output)DEV_OUTPUT_INIT;
    d->own = (struct dev_lines)DEV_LINES_INIT;
    d->own.name = "dev";
    d->own.width = width;
    d->own.paint = PAINT_DIM;
    d->own.colours = o->colours;
    for (size_t i = 0; i < o->count; i++) {
        struct entry *e = &d->entries[i];

        *e = (struct entry){
            .dev = d, .program = &o->programs[i], .lines = DEV_LINES_INIT, .output = -1};
        e->lines.name = o->programs[i].name;
        e->lines.width = width;
        e->lines.paint = paints[i % ARRAY_SIZE(paints)];
        e->lines.colours = o->colours;
        (void)uv_timer_init(&d->loop, &e->restart);
        e->restart.data = e;
    }
}

static void close_handle(uv_handle_t *handle, void *unused)
{
    (void)unused;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void release(struct dev *d)
{
    stop_signals_block();
    for (size_t i = 0; i < d->options->count; i++) {
        close_output(&d->entries[i]);
        dev_lines_release(&d->entries[i].lines);
    }
    uv_walk(&d->loop, close_handle, NULL);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&d->loop);
    int failed = dev_output_finish(&d->output, FINISH_MS);
    d->unread = d->unread ? d->unread : failed;
}

static int run(struct dev *d, plain_error *err)
{
    int failed = uv_loop_init(&d->loop);

    if (failed)
        return error_set(err, PLAIN_E_IO, 705, "", "event loop: %s", uv_strerror(failed));
    (void)uv_timer_init(&d->loop, &d->grace);
    d->grace.data = d;
    (void)uv_timer_init(&d->loop, &d->room);
    d->room.data = d;
    stop_signals_start(&d->signals, &d->loop, on_signal, d);
    init_entries(d);
    (void)signal(SIGPIPE, SIG_IGN); /* told by write() */
    for (size_t i = 0; i < d->options->count && d->signalled == 0; i++)
        start_entry(&d->entries[i]);
    if (!is_done(d))
        (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    release(d);
    if (d->unread && d->unread != EPIPE) /* a reader that has gone has seen what it wanted */
        return error_set_errno(err, PLAIN_E_IO, 705, "", d->unread, "writing the output");
    return PLAIN_OK;
}

int dev_run(const struct dev_options *options, plain_error *err)
{
    struct dev *d = mem_zalloc(1, sizeof(*d));
    struct entry *entries = mem_zalloc(options->count, sizeof(*entries));
    int r = PLAIN_E_NOMEM;

    assert(options->count > 0);
    if (d && entries) {
        d->options = options;
        d->entries = entries;
        r = run(d, err);
    } else {
        (void)error_nomem(err);
    }
    mem_free(entries);
    mem_free(d);
    return r;
}
