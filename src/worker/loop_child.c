#include "worker/loop_child.h"

#include <assert.h>
#include <poll.h>
#include <signal.h>

#include "base/alloc.h"
#include "base/error.h"

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

static void on_end(uv_poll_t *poll, int status, int events)
{
    struct loop_child *c = poll->data;
    struct child_end end;

    (void)status;
    (void)events;
    if (!child_reap(&c->child, true, &end))
        return;
    uv_close((uv_handle_t *)c->poll, free_handle);
    c->poll = NULL;
    c->fn(c, &end, c->user);
}

/* It runs, and nobody would learn of its end. */
static void give_up(struct loop_child *c)
{
    struct child_end end;
    struct pollfd ended = {.fd = c->child.pidfd, .events = POLLIN};

    child_signal_group(&c->child, SIGKILL);
    while (!child_reap(&c->child, true, &end))
        (void)poll(&ended, 1, -1);
    mem_free(c->poll);
    c->poll = NULL;
}

int loop_child_start(uv_loop_t *loop, const struct child_spec *spec, loop_child_fn *fn, void *user,
                     struct loop_child *c, plain_error *err)
{
    assert(spec->own_session);
    *c = (struct loop_child){.child.pidfd = -1, .fn = fn, .user = user};
    uv_poll_t *poll = mem_zalloc(1, sizeof(*poll));
    if (!poll)
        return error_nomem(err);
    int r = child_spawn(spec, &c->child, err);
    if (r < 0) {
        mem_free(poll);
        return r;
    }
    c->poll = poll;
    int failed = uv_poll_init(loop, poll, c->child.pidfd);
    if (failed) {
        give_up(c);
        return error_set(err, PLAIN_E_IO, 705, "", "watching %s: %s", spec->path,
                         uv_strerror(failed));
    }
    poll->data = c;
    (void)uv_poll_start(poll, UV_READABLE, on_end);
    return PLAIN_OK;
}
