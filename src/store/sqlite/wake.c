#define _GNU_SOURCE
#include "store/sqlite/wake.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "store/sqlite/claim.h"
#include "store/sqlite/pauses.h"
#include "store/sqlite/sqlite.h"

enum { LAST_STEP_MS = 64, EVENTS_SIZE = 4096, LOOK_HOLDS_S = 10 };

static const char folder_end[] = "-workers";
static const char socket_end[] = ".sock";

struct ear {
    int folder_fd; /* of the sockets */
    int socket_fd, watch_fd;
    char socket_name[PLAIN_UUID_TEXT + sizeof(socket_end)];
    const char *file; /* the database's name in its folder: the end of the connection's path */
    int64_t version;  /* PRAGMA data_version */
    int64_t step_ms;  /* until it is asked again; -1: the database is quiet */
};

static bool folder_path(const char *path, char out[PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s%s", path, folder_end);

    return n > 0 && n < PATH_MAX;
}

/* A name in an open folder: short, however long the folder's own is. */
static bool socket_address(int folder_fd, const char *name, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", folder_fd, name);
    return n > 0 && (size_t)n < sizeof(out->sun_path);
}

static bool is_socket_name(const char *name)
{
    size_t length = strlen(name), end = sizeof(socket_end) - 1;

    return length > end && strcmp(name + length - end, socket_end) == 0;
}

static void tell(int sender, int folder_fd, const char *name, char word)
{
    struct sockaddr_un to;

    if (!is_socket_name(name) || !socket_address(folder_fd, name, &to))
        return;
    if (sendto(sender, &word, 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&to, sizeof(to)) <
            0 &&
        errno == ECONNREFUSED)
        (void)unlinkat(folder_fd, name, 0); /* its worker was killed */
}

void wake_workers(const char *path, enum wake_word word)
{
    char name[PATH_MAX];
    int folder_fd = folder_path(path, name) ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (folder_fd < 0)
        return;
    DIR *folder = fdopendir(folder_fd);
    int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const struct dirent *entry;

    while (folder && sender >= 0 && (entry = readdir(folder)))
        tell(sender, folder_fd, entry->d_name, (char)word);
    if (sender >= 0)
        (void)close(sender);
    if (folder)
        (void)closedir(folder);
    else
        (void)close(folder_fd);
}

/*
 * Listening.
 */

/* Where the folder cannot be made or written, the watch is all there is. */
static void open_socket(struct ear *ear, const char *path, const plain_uuid *worker)
{
    char folder[PATH_MAX], id[PLAIN_UUID_TEXT];
    struct sockaddr_un at;

    if (!folder_path(path, folder) || (mkdir(folder, 0700) < 0 && errno != EEXIST))
        return;
    ear->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (ear->folder_fd < 0)
        return;
    (void)snprintf(ear->socket_name, sizeof(ear->socket_name), "%s%s",
                   plain_uuid_format(worker, id), socket_end);
    if (!socket_address(ear->folder_fd, ear->socket_name, &at))
        return;
    ear->socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ear->socket_fd >= 0 && bind(ear->socket_fd, (struct sockaddr *)&at, sizeof(at)) < 0) {
        (void)close(ear->socket_fd);
        ear->socket_fd = -1;
    }
}

static void open_watch(struct ear *ear, const char *path)
{
    char folder[PATH_MAX];
    size_t length = (size_t)(ear->file - path);

    if (length == 0 || length >= sizeof(folder))
        return;
    memcpy(folder, path, length);
    folder[length] = '\0';
    ear->watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (ear->watch_fd >= 0 &&
        inotify_add_watch(ear->watch_fd, folder, IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0) {
        (void)close(ear->watch_fd);
        ear->watch_fd = -1;
    }
}

void ear_release(struct ear *ear)
{
    if (!ear)
        return;
    if (ear->socket_fd >= 0) {
        (void)close(ear->socket_fd);
        (void)unlinkat(ear->folder_fd, ear->socket_name, 0);
    }
    if (ear->folder_fd >= 0)
        (void)close(ear->folder_fd);
    if (ear->watch_fd >= 0)
        (void)close(ear->watch_fd);
    mem_free(ear);
}

static int read_version(struct connection *conn, int64_t *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_DATA_VERSION);

    if (query_row(&q))
        *out = column_int(&q, 0);
    return query_end(&q, err);
}

static int open_ear(struct connection *conn, const plain_uuid *worker, plain_error *err)
{
    struct ear *ear = mem_zalloc(1, sizeof(*ear));

    if (!ear) {
        (void)error_nomem(err);
        return PLAIN_E_NOMEM;
    }
    *ear = (struct ear){.folder_fd = -1, .socket_fd = -1, .watch_fd = -1, .step_ms = -1};
    ear->file = strrchr(conn->path, '/') ? strrchr(conn->path, '/') + 1 : conn->path;
    open_socket(ear, conn->path, worker);
    open_watch(ear, conn->path);
    int r = read_version(conn, &ear->version, err);
    if (r == PLAIN_OK && ear->socket_fd < 0 && ear->watch_fd < 0)
        r = PLAIN_NONE;
    if (r != PLAIN_OK) {
        ear_release(ear);
        return r;
    }
    conn->ear = ear;
    return PLAIN_OK;
}

int sqlite_listen(struct store *store, const plain_uuid *worker, struct listening *out,
                  plain_error *err)
{
    struct connection *conn = connection_of(store);

    *out = (struct listening){.told_fd = -1, .changed_fd = -1, .is_new = !conn->ear};
    if (!conn->ear) {
        int r = open_ear(conn, worker, err);
        if (r != PLAIN_OK)
            return r;
    }
    out->told_fd = conn->ear->socket_fd;
    out->changed_fd = conn->ear->watch_fd;
    return PLAIN_OK;
}

/* A word that is not known is of a newer program: look, it costs little. */
static void hear_words(const struct ear *ear, struct heard *out)
{
    char word[16];
    ssize_t n;

    while (ear->socket_fd >= 0 &&
           (n = recv(ear->socket_fd, word, sizeof(word), MSG_DONTWAIT)) >= 0) {
        if (n > 0 && word[0] == WAKE_ASKED)
            out->is_asked = true;
        else
            out->is_woken = true;
    }
}

/* Whether a file of the database is among what changed in the folder. */
static bool was_written(const struct ear *ear)
{
    char events[EVENTS_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool written = false;
    ssize_t n;

    while (ear->watch_fd >= 0 && (n = read(ear->watch_fd, events, sizeof(events))) > 0) {
        for (const char *p = events; p < events + n;) {
            const struct inotify_event *e = (const void *)p;

            written = written || (e->mask & IN_Q_OVERFLOW) ||
                      (e->len > 0 && text_starts_with(e->name, ear->file));
            p += sizeof(*e) + e->len;
        }
    }
    return written;
}

int sqlite_hear(struct store *store, bool changed, struct heard *out, plain_error *err)
{
    struct connection *conn = connection_of(store);
    struct ear *ear = conn->ear;
    int64_t version = 0;

    *out = (struct heard){.again_ms = -1};
    if (!ear)
        return PLAIN_OK;
    hear_words(ear, out);
    if (!changed) {
        ear->step_ms = -1;
        return PLAIN_OK;
    }
    if (was_written(ear))
        ear->step_ms = 0;
    if (ear->step_ms < 0)
        return PLAIN_OK;
    conn->deadline = clock_add(clock_mono_us(), conn->patience_us);
    /* What cannot be read is news: who looks says so, and tries again later. */
    if (read_version(conn, &version, err) != PLAIN_OK || version != ear->version) {
        ear->version = version;
        ear->step_ms = -1;
        out->is_woken = true;
    } else {
        ear->step_ms = ear->step_ms == 0 ? 1 : ear->step_ms * 2;
        if (ear->step_ms > LAST_STEP_MS)
            ear->step_ms = -1;
    }
    out->again_ms = ear->step_ms;
    return PLAIN_OK;
}

/*
 * Looking.
 */

static int look_at_queue(struct connection *conn, const char *queue, const char *classes,
                         struct look *out, plain_error *err)
{
    struct query q = query_begin(conn, SQL_LOOK);

    query_text(&q, 1, queue);
    query_int(&q, 2, out->now);
    query_text(&q, 3, classes);
    if (query_row(&q) && column_int(&q, 0))
        out->is_due = true;
    int r = query_end(&q, err);
    if (r != PLAIN_OK)
        return r;
    q = query_begin(conn, SQL_NEXT_DUE);
    query_text(&q, 1, queue);
    query_int(&q, 2, out->now);
    int64_t due = query_row(&q) ? column_time(&q, 0) : STORE_NO_TIME;
    if (due != STORE_NO_TIME && (out->next_due == STORE_NO_TIME || due < out->next_due))
        out->next_due = due;
    return query_end(&q, err);
}

/* What is paused is not there: a worker that looked would go on to a claim that is empty. */
static int look(struct connection *conn, const struct claim_wish *wish, struct arena *a,
                struct look *out, plain_error *err)
{
    const char **classes = arena_array(a, wish->class_count + 1, sizeof(*classes));
    struct pause *pauses = NULL;
    size_t pause_count = 0, class_count = 0;

    if (!classes)
        return error_nomem(err);
    int r = pauses_read(conn, a, &pauses, &pause_count, err);

    for (size_t i = 0; r == PLAIN_OK && i < wish->class_count; i++) {
        if (!pause_find(pauses, pause_count, PAUSE_CLASS, wish->classes[i]))
            classes[class_count++] = wish->classes[i];
    }
    const char *json = r == PLAIN_OK ? names_as_json(classes, class_count, a) : NULL;
    if (r == PLAIN_OK && !json)
        r = error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < wish->queue_count; i++) {
        if (!pause_find(pauses, pause_count, PAUSE_QUEUE, wish->queues[i]))
            r = look_at_queue(conn, wish->queues[i], json, out, err);
    }
    return r;
}

/* Nothing was written since a look that found nothing, and what it saw coming is not due yet: so
 * an idle worker asks for one number. Not for long: a row without start_at whose created_at is yet
 * to come (the clock was set back) is not seen coming. */
static bool is_as_before(const struct looked *before, int64_t version, const char *wish,
                         int64_t now)
{
    return version == before->version && before->wish && strcmp(wish, before->wish) == 0 &&
           clock_mono_us() - before->at_us < (int64_t)LOOK_HOLDS_S * US_PER_S &&
           (before->next_due == STORE_NO_TIME || now < before->next_due);
}

static void note_look(struct looked *l, int64_t version, const char *wish, const struct look *found)
{
    mem_free(l->wish);
    l->wish = found->is_due ? NULL : mem_strdup(wish);
    l->version = l->wish ? version : -1;
    l->at_us = clock_mono_us();
    l->next_due = found->next_due;
}

static const char *wish_as_text(const struct claim_wish *wish, struct arena *a)
{
    const char *queues = names_as_json(wish->queues, wish->queue_count, a);
    const char *classes = names_as_json(wish->classes, wish->class_count, a);

    return queues && classes ? arena_printf(a, "%s%s", queues, classes) : NULL;
}

static int look_anew(struct connection *conn, const struct claim_wish *wish, struct arena *a,
                     struct look *out, plain_error *err)
{
    const char *text = wish_as_text(wish, a);
    int64_t version = 0;

    if (!text)
        return error_nomem(err);
    int r = read_version(conn, &version, err);
    out->now = clock_wall_us(); /* not before: what is in this snapshot was made by now */
    if (r == PLAIN_OK && is_as_before(&conn->looked, version, text, out->now)) {
        out->next_due = conn->looked.next_due;
        return PLAIN_OK;
    }
    if (r == PLAIN_OK)
        r = look(conn, wish, a, out, err);
    if (r == PLAIN_OK)
        note_look(&conn->looked, version, text, out);
    return r;
}

int sqlite_look(struct store *store, const struct claim_wish *wish, struct look *out,
                plain_error *err)
{
    struct connection *conn = connection_of(store);
    struct arena a = ARENA_INIT;
    int r = connection_begin(conn, SQL_BEGIN_READ, "looking into", err);

    *out = (struct look){.now = STORE_NO_TIME, .next_due = STORE_NO_TIME};
    if (r == PLAIN_OK)
        r = connection_end(conn, look_anew(conn, wish, &a, out, err), err);
    arena_release(&a);
    return r;
}
