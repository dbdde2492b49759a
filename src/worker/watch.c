#include "worker/watch.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

enum { GATHER_MS = 200, GATHER_MAX_MS = 2000 };

struct folder {
    uv_fs_event_t handle; /* first, so that closing it frees the whole */
    struct watch *watch;
    struct folder *next;
    bool seen; /* by the look that is under way */
    char path[];
};

struct watch {
    uv_timer_t gather; /* first, likewise */
    uv_loop_t *loop;
    watch_fn *fn;
    void *user;
    struct folder *folders;
    const char *const *named; /* during and between looks: the caller's */
    size_t named_count;
    int64_t first_us;    /* of the burst that is being gathered; 0: none */
    unsigned complained; /* about which: bits of enum complaint */
};

static void free_handle(uv_handle_t *handle)
{
    mem_free(handle);
}

static void on_quiet(uv_timer_t *timer)
{
    struct watch *w = timer->data;

    w->first_us = 0;
    w->fn(w->user);
}

void watch_note(struct watch *w)
{
    int64_t now = clock_mono_us();

    if (w->first_us == 0)
        w->first_us = now;
    if (now - w->first_us > (GATHER_MAX_MS - GATHER_MS) * (int64_t)US_PER_MS)
        return; /* the timer stands at the end of the longest burst */
    uv_update_time(w->loop);
    (void)uv_timer_start(&w->gather, on_quiet, GATHER_MS, 0);
}

static bool is_named(const struct watch *w, const char *name)
{
    for (size_t i = 0; i < w->named_count; i++) {
        const char *slash = strrchr(w->named[i], '/');

        if (strcmp(slash ? slash + 1 : w->named[i], name) == 0)
            return true;
    }
    return false;
}

static bool is_watched(const struct watch *w, const char *path)
{
    for (const struct folder *f = w->folders; f; f = f->next) {
        if (strcmp(f->path, path) == 0)
            return true;
    }
    return false;
}

/* Whether a name that came or went is, or was, a folder, or a link to one. */
static bool is_folder(const struct folder *in, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    bool at_top = strcmp(in->path, ".") == 0;

    if (snprintf(path, sizeof(path), "%s%s%s", at_top ? "" : in->path, at_top ? "" : "/", name) >=
        PATH_MAX)
        return false;
    return stat(path, &st) == 0 ? S_ISDIR(st.st_mode) : is_watched(in->watch, path);
}

static void on_event(uv_fs_event_t *handle, const char *name, int events, int status)
{
    struct folder *f = handle->data;

    if (status < 0 || !name || snapshot_wants(f->path, name) || is_named(f->watch, name) ||
        ((events & UV_RENAME) && is_folder(f, name)))
        watch_note(f->watch);
}

enum complaint { TOO_MANY_FOLDERS = 1, NOT_WATCHED = 2 };

/* Once for each of them. */
static void complain(struct watch *w, enum complaint about, const char *path, const char *why)
{
    if (!(w->complained & about))
        log_event(LOG_WARNING, "Folder not watched", LOG_TEXT("folder", path),
                  LOG_TEXT("error", why));
    w->complained |= about;
}

static struct folder *add_folder(struct watch *w, const char *path)
{
    size_t n = strlen(path) + 1;
    struct folder *f = mem_zalloc(1, sizeof(*f) + n);

    if (!f)
        return NULL;
    memcpy(f->path, path, n);
    f->watch = w;
    (void)uv_fs_event_init(w->loop, &f->handle);
    f->handle.data = f;
    f->next = w->folders;
    w->folders = f;
    return f;
}

/* Watches a folder anew: one of the same name may have taken the place of the one that was. */
static void see_folder(const char *path, void *user)
{
    struct watch *w = user;
    struct folder *f = w->folders;

    while (f && strcmp(f->path, path) != 0)
        f = f->next;
    if (!f)
        f = add_folder(w, path);
    if (!f) {
        complain(w, NOT_WATCHED, path, "out of memory");
        return;
    }
    f->seen = true;
    (void)uv_fs_event_stop(&f->handle);
    int failed = uv_fs_event_start(&f->handle, on_event, path, 0);
    /* Nobody reads a folder that is closed to us. */
    if (failed && failed != UV_ENOENT && failed != UV_EACCES)
        complain(w, NOT_WATCHED, path, uv_strerror(failed));
}

/* Forgets folders that the look did not see; with all, every folder. */
static void drop_folders(struct watch *w, bool all)
{
    struct folder **at = &w->folders;

    while (*at) {
        struct folder *f = *at;

        if (all || !f->seen) {
            *at = f->next;
            uv_close((uv_handle_t *)&f->handle, free_handle);
        } else {
            f->seen = false;
            at = &f->next;
        }
    }
}

int watch_open(uv_loop_t *loop, watch_fn *fn, void *user, struct watch **out, plain_error *err)
{
    struct watch *w = mem_zalloc(1, sizeof(*w));

    if (!w)
        return error_nomem(err);
    w->loop = loop;
    w->fn = fn;
    w->user = user;
    (void)uv_timer_init(loop, &w->gather);
    w->gather.data = w;
    *out = w;
    return PLAIN_OK;
}

int watch_look(struct watch *w, const char *const *named, size_t count, struct snapshot *out,
               plain_error *err)
{
    w->named = named;
    w->named_count = count;
    int r = snapshot_take(named, count, see_folder, w, out, err);
    if (r == PLAIN_OK)
        drop_folders(w, false);
    if (out->incomplete)
        complain(w, TOO_MANY_FOLDERS, "...",
                 "there are more than 1000 folders, or deeper ones than 16");
    return r;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    drop_folders(w, true);
    uv_close((uv_handle_t *)&w->gather, free_handle);
}
