/*
 * pick.c - which requests a claim takes
 *
 * The order is priority (highest first), then due time, then id, over all wished queues together.
 * The index gives that order within one queue and one priority: a lane. So picking goes down the
 * levels of priority; at each level the lanes that have it are merged by a heap of their first
 * picks. A lane reads some picks at a time, so that one statement serves all, however many queues
 * there are. Nothing is sorted, and what is not yet due is not looked at.
 */
#include "store/sqlite/pick.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/sqlite/pauses.h"

enum { ABOVE_ALL_LEVELS = SHRT_MAX + 1, NO_LEVEL = SHRT_MIN - 1, READ_LEAST = 4 };

struct pick {
    int64_t due_at, id;
};

/* One queue, at one level of priority. */
struct lane {
    const char *queue;
    int level; /* NO_LEVEL behind the last */
    struct pick *picks;
    size_t count, at;
    size_t want; /* picks that were asked for; fewer came: there are no more */
};

struct picking {
    struct connection *connection;
    const struct claim_wish *wish;
    int64_t now;
    struct arena *arena;
    const char **classes; /* wished and not paused, sorted */
    size_t class_count;
    struct lane *lanes;
    size_t lane_count;
    struct lane **heap; /* lanes of the level that have a pick, the first pick on top */
    size_t heap_count;
    int64_t *ids;
    size_t id_count;
};

/*
 * What is wished and not paused.
 */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int choose_classes(struct picking *p, const struct pause *pauses, size_t pause_count,
                          plain_error *err)
{
    const struct claim_wish *wish = p->wish;

    p->classes = arena_array(p->arena, wish->class_count + 1, sizeof(*p->classes));
    if (!p->classes)
        return error_nomem(err);
    for (size_t i = 0; i < wish->class_count; i++) {
        if (!pause_find(pauses, pause_count, PAUSE_CLASS, wish->classes[i]))
            p->classes[p->class_count++] = wish->classes[i];
    }
    qsort(p->classes, p->class_count, sizeof(*p->classes), compare_names);
    return PLAIN_OK;
}

/* Moves a lane down to its next level below this priority. */
static int next_level(struct picking *p, struct lane *lane, int priority, plain_error *err)
{
    struct query q = query_begin(p->connection, SQL_NEXT_PRIORITY);

    query_text(&q, 1, lane->queue);
    query_int(&q, 2, priority);
    lane->level = NO_LEVEL;
    if (query_row(&q) && sqlite3_column_type(q.stmt, 0) != SQLITE_NULL)
        lane->level = column_small(&q, 0);
    return query_end(&q, err);
}

/* Sorted, so that one which is named twice is found. */
static const char **sorted_queues(const struct picking *p)
{
    const struct claim_wish *wish = p->wish;
    const char **names = arena_array(p->arena, wish->queue_count, sizeof(*names));

    if (!names)
        return NULL;
    memcpy(names, wish->queues, wish->queue_count * sizeof(*names));
    qsort(names, wish->queue_count, sizeof(*names), compare_names);
    return names;
}

static int make_lanes(struct picking *p, const struct pause *pauses, size_t pause_count,
                      plain_error *err)
{
    size_t count = p->wish->queue_count;
    const char **names = sorted_queues(p);
    int r = PLAIN_OK;

    p->lanes = arena_array(p->arena, count, sizeof(*p->lanes));
    p->heap = arena_array(p->arena, count, sizeof(struct lane *));
    if (!names || !p->lanes || !p->heap)
        return error_nomem(err);
    for (size_t i = 0; r == PLAIN_OK && i < count; i++) {
        struct lane *lane = &p->lanes[p->lane_count];
        bool is_repeated = i > 0 && strcmp(names[i], names[i - 1]) == 0;

        if (is_repeated || pause_find(pauses, pause_count, PAUSE_QUEUE, names[i]))
            continue;
        lane->queue = names[i];
        r = next_level(p, lane, ABOVE_ALL_LEVELS, err);
        p->lane_count++;
    }
    return r;
}

static int begin(struct picking *p, plain_error *err)
{
    struct pause *pauses = NULL;
    size_t count = 0;
    int r = pauses_read(p->connection, p->arena, &pauses, &count, err);

    if (r == PLAIN_OK)
        r = choose_classes(p, pauses, count, err);
    if (r == PLAIN_OK)
        r = make_lanes(p, pauses, count, err);
    return r;
}

/*
 * A lane.
 */

static bool knows_class(const struct picking *p, const struct query *q, int column)
{
    const char *name = (const char *)sqlite3_column_text(q->stmt, column);

    return name && bsearch(&name, p->classes, p->class_count, sizeof(name), compare_names);
}

/* Reads the next picks behind the last that was read. */
static int read_more(struct picking *p, struct lane *lane, size_t want, plain_error *err)
{
    enum { ID, DUE_AT, CLASS };
    struct query q = query_begin(p->connection, SQL_PICK_JOBS);
    struct pick last = lane->count ? lane->picks[lane->count - 1] : (struct pick){INT64_MIN, 0};

    lane->picks = arena_array(p->arena, want, sizeof(*lane->picks));
    lane->want = want;
    lane->count = lane->at = 0;
    query_text(&q, 1, lane->queue);
    query_int(&q, 2, lane->level);
    query_int(&q, 3, p->now);
    query_int(&q, 4, last.due_at);
    query_int(&q, 5, last.id);
    while (lane->picks && lane->count < want && query_row(&q)) {
        if (knows_class(p, &q, CLASS))
            lane->picks[lane->count++] =
                (struct pick){.due_at = column_int(&q, DUE_AT), .id = column_int(&q, ID)};
    }
    if (query_ok(&q))
        q.rc = SQLITE_DONE; /* rows may be left that nobody wants */
    int r = query_end(&q, err);
    return r == PLAIN_OK && !lane->picks ? error_nomem(err) : r;
}

/* Steps over the first pick. */
static int advance(struct picking *p, struct lane *lane, plain_error *err)
{
    size_t left = p->wish->limit - p->id_count;

    if (++lane->at < lane->count || lane->count < lane->want || left == 0)
        return PLAIN_OK;
    return read_more(p, lane, lane->want * 2 < left ? lane->want * 2 : left, err);
}

/*
 * The heap.
 */

static bool is_before(const struct lane *a, const struct lane *b)
{
    const struct pick *left = &a->picks[a->at], *right = &b->picks[b->at];

    if (left->due_at != right->due_at)
        return left->due_at < right->due_at;
    return left->id < right->id;
}

static void swap(struct lane **a, struct lane **b)
{
    struct lane *kept = *a;

    *a = *b;
    *b = kept;
}

static void heap_add(struct picking *p, struct lane *lane)
{
    size_t i = p->heap_count++;

    p->heap[i] = lane;
    for (; i > 0 && is_before(p->heap[i], p->heap[(i - 1) / 2]); i = (i - 1) / 2)
        swap(&p->heap[i], &p->heap[(i - 1) / 2]);
}

/* The lane on top has moved on, or has no more picks. */
static void heap_settle(struct picking *p)
{
    if (p->heap[0]->at == p->heap[0]->count)
        p->heap[0] = p->heap[--p->heap_count];
    for (size_t i = 0, least = 0; i < p->heap_count; i = least) {
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < p->heap_count; child++) {
            if (is_before(p->heap[child], p->heap[least]))
                least = child;
        }
        if (least == i)
            break;
        swap(&p->heap[i], &p->heap[least]);
    }
}

/*
 * The levels.
 */

static int highest_level(const struct picking *p, size_t *lanes)
{
    int highest = NO_LEVEL;

    *lanes = 0;
    for (size_t i = 0; i < p->lane_count; i++) {
        if (p->lanes[i].level > highest) {
            highest = p->lanes[i].level;
            *lanes = 0;
        }
        *lanes += p->lanes[i].level == highest;
    }
    return highest;
}

/* Its share of what is wanted, and a little more. */
static size_t first_read(const struct picking *p, size_t lanes)
{
    size_t left = p->wish->limit - p->id_count;
    size_t want = left / lanes + READ_LEAST;

    return want < left ? want : left;
}

static int pick_level(struct picking *p, int level, size_t lanes, plain_error *err)
{
    size_t want = first_read(p, lanes);
    int r = PLAIN_OK;

    p->heap_count = 0;
    for (size_t i = 0; r == PLAIN_OK && i < p->lane_count; i++) {
        struct lane *lane = &p->lanes[i];

        if (lane->level != level)
            continue;
        lane->count = 0;
        r = read_more(p, lane, want, err);
        if (r == PLAIN_OK && lane->count > 0)
            heap_add(p, lane);
    }
    while (r == PLAIN_OK && p->heap_count > 0 && p->id_count < p->wish->limit) {
        struct lane *first = p->heap[0];

        p->ids[p->id_count++] = first->picks[first->at].id;
        r = advance(p, first, err);
        heap_settle(p);
    }
    return r;
}

static int leave_level(struct picking *p, int level, plain_error *err)
{
    int r = PLAIN_OK;

    for (size_t i = 0; r == PLAIN_OK && i < p->lane_count; i++) {
        if (p->lanes[i].level == level)
            r = next_level(p, &p->lanes[i], level, err);
    }
    return r;
}

static int find_next_due(const struct picking *p, int64_t *next_due, plain_error *err)
{
    for (size_t i = 0; i < p->lane_count; i++) {
        struct query q = query_begin(p->connection, SQL_NEXT_DUE);

        query_text(&q, 1, p->lanes[i].queue);
        query_int(&q, 2, p->now);
        int64_t due = query_row(&q) ? column_time(&q, 0) : STORE_NO_TIME;
        if (due != STORE_NO_TIME && (*next_due == STORE_NO_TIME || due < *next_due))
            *next_due = due;
        int r = query_end(&q, err);
        if (r != PLAIN_OK)
            return r;
    }
    return PLAIN_OK;
}

int pick_jobs(struct connection *conn, const struct claim_wish *wish, int64_t now, struct arena *a,
              int64_t *ids, size_t *count, int64_t *next_due, plain_error *err)
{
    struct picking p = {.connection = conn, .wish = wish, .now = now, .arena = a, .ids = ids};
    size_t lanes;
    int level;
    int r = begin(&p, err);

    *next_due = STORE_NO_TIME;
    while (r == PLAIN_OK && p.id_count < wish->limit &&
           (level = highest_level(&p, &lanes)) != NO_LEVEL) {
        r = pick_level(&p, level, lanes, err);
        if (r == PLAIN_OK && p.id_count < wish->limit)
            r = leave_level(&p, level, err);
    }
    *count = p.id_count;
    if (r == PLAIN_OK && p.id_count == 0)
        r = find_next_due(&p, next_due, err);
    return r;
}
