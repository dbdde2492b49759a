/* wake.c - hearing of new requests, and looking for them without claiming */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/postgres/fields.h"
#include "store/postgres/postgres.h"

static int open_listening(struct session *s, plain_error *err)
{
    enum { SETTINGS, LISTEN, COUNT };
    PGresult *results[COUNT] = {NULL};

    if (s->pooled.is) /* what is told to a connection goes to whoever has it then */
        return PLAIN_NONE;
    session_send(s, SQL_LISTEN_SETTINGS);
    session_send(s, SQL_LISTEN);
    int r = session_sync(s, results, COUNT, err);
    session_clear(results, COUNT);
    s->listens = r == PLAIN_OK;
    return r;
}

int postgres_listen(struct store *store, const plain_uuid *worker, struct listening *out,
                    plain_error *err)
{
    struct session *s = &postgres_of(store)->session;

    (void)worker;
    *out = (struct listening){.told_fd = -1, .changed_fd = -1};
    if (!s->listens) {
        int r = session_begin(s, "listen for jobs", err);
        if (r == PLAIN_OK)
            r = open_listening(s, err);
        if (r != PLAIN_OK)
            return r;
        out->is_new = true;
    }
    out->told_fd = libpq.PQsocket(s->conn);
    return PLAIN_OK;
}

/* "schema id" of a request or "schema " of several, or "schema", a tab and the id of a worker of
 * which somebody wants something: what stands behind our schema, whose name is kept quoted; empty
 * when it is another's. */
static const char *words_of(const struct session *s, const PGnotify *n)
{
    size_t length = strlen(s->schema) - 2;

    return strncmp(n->extra, s->schema + 1, length) == 0 ? n->extra + length : "";
}

static void take_words(const char *words, struct heard *out)
{
    bool is_first = !out->is_woken;

    out->is_asked = out->is_asked || *words == '\t';
    if (*words != ' ')
        return;
    out->is_woken = true;
    out->request_id = is_first ? strtoll(words + 1, NULL, 10) : 0;
}

int postgres_hear(struct store *store, bool changed, struct heard *out, plain_error *err)
{
    struct session *s = &postgres_of(store)->session;
    PGnotify *n;

    (void)changed;
    *out = (struct heard){.again_ms = -1};
    s->doing = "listen for jobs";
    if (!s->listens || !libpq.PQconsumeInput(s->conn) || libpq.PQstatus(s->conn) == CONNECTION_BAD)
        return session_lose(s, NULL, err);
    while ((n = libpq.PQnotifies(s->conn))) {
        take_words(words_of(s, n), out);
        libpq.PQfreemem(n);
    }
    return PLAIN_OK;
}

enum { LOOK_NOW, LOOK_DUE, LOOK_NEXT, LOOK_OLDEST, LOOK_NEWEST };

int postgres_look(struct store *store, const struct claim_wish *wish, struct look *out,
                  plain_error *err)
{
    struct postgres *p = postgres_of(store);
    struct session *s = &p->session;
    PGresult *result = NULL;
    int64_t oldest = 0, newest = 0;

    *out = (struct look){.next_due = STORE_NO_TIME};
    int r = session_begin(s, "look for jobs", err);
    if (r < 0)
        return r;
    wire_array(&s->wire, &wire_text_items, wish->queues, wish->queue_count, sizeof(*wish->queues));
    wire_array(&s->wire, &wire_text_items, wish->classes, wish->class_count,
               sizeof(*wish->classes));
    session_send(s, SQL_LOOK);
    r = session_sync(s, &result, 1, err);
    if (r == PLAIN_OK) {
        field_read(result, 0, LOOK_NOW, field_time, NULL, &out->now);
        field_read(result, 0, LOOK_DUE, field_bool, NULL, &out->is_due);
        field_read(result, 0, LOOK_NEXT, field_time, NULL, &out->next_due);
        field_read(result, 0, LOOK_OLDEST, field_int64, NULL, &oldest);
        field_read(result, 0, LOOK_NEWEST, field_int64, NULL, &newest);
        if (p->marked_at == 0)
            p->marked_at = newest;
        out->is_open = oldest < p->marked_at;
    }
    session_clear(&result, 1);
    return r;
}
