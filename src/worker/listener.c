#include "worker/listener.h"

#include "base/clock.h"
#include "base/log.h"

enum { RETRY_MS = 1000 };

void listener_init(struct listener *l, const plain_uuid *worker)
{
    *l = (struct listener){
        .worker = *worker, .at = {.told_fd = -1, .changed_fd = -1}, .again_us = INT64_MAX};
}

/* The connection is gone, or not there yet: the next listener_run() subscribes. */
static void lose(struct listener *l)
{
    atomic_store(&l->hears, false);
    l->at = (struct listening){.told_fd = -1, .changed_fd = -1};
    l->again_us = INT64_MAX;
}

static void fail(struct listener *l, const char *what, const plain_error *err)
{
    if (log_takes_time(++l->failures))
        log_event(LOG_WARNING, what, LOG_TEXT("error", err->message));
    lose(l);
    l->retry_us = clock_boot_us() + (int64_t)RETRY_MS * US_PER_MS;
}

/* What was not taken yet and this are more than one request. */
static void tell(struct listener *l, int64_t request_id)
{
    long long before = TOLD_NOTHING;

    if (request_id == 0 || !atomic_compare_exchange_strong(&l->told, &before, request_id))
        atomic_store(&l->told, TOLD_MUCH);
}

static bool subscribe(struct listener *l, struct store *s)
{
    plain_error err;
    int r = s->ops->listen(s, &l->worker, &l->at, &err);

    if (r < 0) {
        fail(l, "Listening for jobs failed", &err);
        return false;
    }
    if (r == PLAIN_NONE) {
        log_event(LOG_INFO, "Jobs are looked for, since this database cannot tell of them",
                  LOG_TEXT("database", s->ops->name));
        lose(l);
        l->refused = true;
        return false;
    }
    l->retry_us = INT64_MAX;
    atomic_store(&l->hears, true);
    if (!l->at.is_new)
        return false;
    log_event(LOG_INFO, "Listening for jobs", LOG_TEXT("database", s->ops->name));
    tell(l, 0);
    atomic_store(&l->asked, true);
    return true;
}

static bool hear(struct listener *l, struct store *s)
{
    struct heard heard;
    plain_error err;

    if (s->ops->hear(s, atomic_load(&l->waiting), &heard, &err) < 0) {
        fail(l, "Listening for jobs was interrupted", &err);
        l->retry_us = 0;
        return false;
    }
    l->failures = 0;
    l->again_us = INT64_MAX;
    if (heard.again_ms >= 0)
        l->again_us = clock_boot_us() + heard.again_ms * US_PER_MS;
    if (heard.is_woken)
        tell(l, heard.request_id);
    if (heard.is_asked)
        atomic_store(&l->asked, true);
    return heard.is_woken || heard.is_asked;
}

bool listener_run(struct listener *l, struct store *s)
{
    bool is_new = false;

    if (l->refused)
        return false;
    if (!atomic_load(&l->hears) && clock_boot_us() >= l->retry_us)
        is_new = subscribe(l, s);
    return (atomic_load(&l->hears) && hear(l, s)) || is_new;
}

int listener_fds(const struct listener *l, struct pollfd *out)
{
    int n = 0;

    if (l->at.told_fd >= 0)
        out[n++] = (struct pollfd){.fd = l->at.told_fd, .events = POLLIN};
    if (l->at.changed_fd >= 0 && atomic_load(&l->waiting))
        out[n++] = (struct pollfd){.fd = l->at.changed_fd, .events = POLLIN};
    return n;
}

int64_t listener_next_us(const struct listener *l)
{
    if (l->refused)
        return INT64_MAX;
    return l->retry_us < l->again_us ? l->retry_us : l->again_us;
}
