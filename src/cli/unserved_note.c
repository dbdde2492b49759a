#include "cli/unserved_note.h"
#include "admin/worker_rows.h"

#include "store/pause.h"

enum { TEXT_MAX = 4096 };

typedef void unserved_words(struct buf *b, const struct unserved *u);

static const char *words_of(struct arena *a, unserved_words *put, const struct unserved *u)
{
    struct buf b = BUF_INIT(TEXT_MAX);

    put(&b, u);
    const char *text = arena_strdup(a, b.data);
    buf_release(&b);
    return text ? text : "";
}

void say_unserved(const struct cli *cli, const struct unserved *list, size_t count)
{
    struct arena a = ARENA_INIT;

    for (size_t i = 0; i < count; i++)
        cli_say(cli, "note[PJ204]: %s. %s", words_of(&a, unserved_put_message, &list[i]),
                words_of(&a, unserved_put_fix, &list[i]));
    arena_release(&a);
}

void put_unserved(struct json_writer *j, struct arena *a, const struct unserved *list, size_t count)
{
    json_begin(j, "warnings", '[');
    for (size_t i = 0; i < count; i++) {
        const struct unserved *u = &list[i];

        json_begin(j, NULL, '{');
        json_put_text(j, "code", "PJ204");
        json_put_text(j, "queue", u->queue);
        json_put_text(j, "job_class", u->lacks == NO_CLASS ? u->job_class : NULL);
        json_put_int(j, "count", u->count);
        json_put_time(j, "due_at", u->due_at);
        json_put_text(j, "source", u->source);
        json_put_text(j, "message", words_of(a, unserved_put_message, u));
        json_put_text(j, "fix", words_of(a, unserved_put_fix, u));
        json_end(j, '}');
    }
    json_end(j, ']');
}

static int look(struct cli *cli, struct store *store, const plain_uuid *request, int64_t like_it)
{
    struct arena *a = &cli->arena;
    struct job_row *rows = NULL;
    struct worker_view *workers = NULL;
    struct pause *pauses = NULL;
    size_t count = 0, worker_count = 0, pause_count = 0;
    int r = store->ops->find(store, request, 2, a, &rows, &count, NULL);

    if (r == PLAIN_OK)
        r = worker_rows(store, a, &workers, &worker_count, NULL);
    if (r == PLAIN_OK)
        r = store->ops->pauses(store, a, &pauses, &pause_count, NULL);
    if (r != PLAIN_OK || count != 1 || rows[0].table != TABLE_REQUEST)
        return r;
    const struct pause *p = pause_find(pauses, pause_count, PAUSE_QUEUE, rows[0].queue);
    if (!p)
        p = pause_find(pauses, pause_count, PAUSE_CLASS, rows[0].job_class);
    if (p) {
        cli_say(cli, "note: %s %s is paused, so %s. Start it again: `plain jobs resume --%s %s`",
                pause_kind_names[p->kind], p->name, like_it == 1 ? "it waits" : "they wait",
                pause_kind_names[p->kind], shell_word(a, p->name));
        return r;
    }
    const struct unserved u = {
        .lacks = service_of(workers, worker_count, rows[0].queue, rows[0].job_class),
        .queue = rows[0].queue,
        .job_class = rows[0].job_class,
        .count = like_it,
    };
    if (u.lacks != SERVED)
        say_unserved(cli, &u, 1);
    return r;
}

/* NULL: nobody is to be told, or nothing can be found out. */
static struct store *open_for_note(struct cli *cli)
{
    struct store *store = NULL;

    if (!cli->terminal || cli->quiet || cli_store(cli, STORE_READ_ONLY, &store, NULL) != PLAIN_OK)
        return NULL;
    return store;
}

void note_if_unserved(struct cli *cli, const plain_uuid *request, int64_t count)
{
    struct store *store = open_for_note(cli);

    if (store)
        (void)look(cli, store, request, count);
    store_close(store);
}

int find_unserved(struct store *store, struct arena *a, struct unserved **list, size_t *count,
                  plain_error *err)
{
    struct worker_view *workers = NULL;
    size_t worker_count = 0;
    int r = worker_rows(store, a, &workers, &worker_count, err);

    *count = 0;
    return r == PLAIN_OK ? unserved_find(store, workers, worker_count, a, list, count, err) : r;
}

void note_unserved(struct cli *cli)
{
    struct store *store = open_for_note(cli);
    struct unserved *list = NULL;
    size_t count = 0;

    if (store && find_unserved(store, &cli->arena, &list, &count, NULL) == PLAIN_OK)
        say_unserved(cli, list, count);
    store_close(store);
}
