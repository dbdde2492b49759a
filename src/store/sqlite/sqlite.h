/*
 * sqlite.h - the verbs of struct store_ops on SQLite, for the table in sqlite.c
 *
 * Their contracts stand in store.h.
 */
#ifndef PLAIN_STORE_SQLITE_SQLITE_H
#define PLAIN_STORE_SQLITE_SQLITE_H

#include "store/sqlite/connection.h"
#include "store/store.h"

static inline struct connection *connection_of(struct store *s)
{
    return (struct connection *)s; /* its first member */
}

/* migrate.c */
int sqlite_schema_version(struct store *store, int *version, plain_error *err);
int sqlite_newest_version(void);
int sqlite_migrate(struct store *store, int *from, int *to, plain_error *err);
int sqlite_migration_sql(struct store *store, size_t i, struct arena *a, int *version,
                         const char **name, const char **sql, plain_error *err);

/* enqueue.c */
int sqlite_enqueue(struct store *store, const struct new_request *r, plain_request *out,
                   plain_error *err);
int sqlite_retry(struct store *store, const plain_uuid *token, const plain_uuid *new_uuid,
                 const char *by, plain_request *out, plain_error *err);

/* In the connection's transaction: PLAIN_OK also for a uuid that may exist and does; PLAIN_SKIPPED
 * when the key is held, and out says by whom. */
int sqlite_insert(struct connection *conn, const struct new_request *r, plain_request *out,
                  plain_error *err);
/* Whether the uuid of r may exist and does. */
int sqlite_find_repeated(struct connection *conn, const struct new_request *r, bool *found,
                         plain_error *err);
const char *sqlite_enqueue_sql(void);

/* adopt.c */
int sqlite_adopt(void *connection, const char *schema, struct store **out, plain_error *err);

/* many.c */
int sqlite_enqueue_many(struct store *s, const struct request_source *from, plain_request *out,
                        plain_error *err);

/* ruled.c */
int sqlite_enqueue_ruled(struct store *store, const struct new_request *r, const char *lock,
                         int (*rule)(struct store_tx *tx, void *user), void *user,
                         plain_request *out, plain_error *err);
/* In the connection's transaction, as enqueue_ruled. */
int sqlite_insert_ruled(struct connection *conn, const struct new_request *r,
                        int (*rule)(struct store_tx *tx, void *user), void *user,
                        plain_request *out, plain_error *err);
int sqlite_count(struct store_tx *tx, enum job_table table, const char *job_class, const char *key,
                 unsigned flags, const plain_uuid *self, int64_t *out, plain_error *err);

/* cycle.c */
int sqlite_cycle(struct store *store, const struct cycle *c, struct arena *a,
                 struct cycle_result *out, plain_error *err);

/* lease.c */
int sqlite_register_worker(struct store *store, const struct worker_row *row, plain_error *err);
int sqlite_beat(struct store *store, const plain_uuid *worker, bool stops, plain_error *err);
int sqlite_leave(struct store *store, const plain_uuid *worker, plain_error *err);

/* rescue.c */
int sqlite_rescue(struct store *store, const struct rescue_wish *wish, struct arena *a,
                  struct rescue_result *out, plain_error *err);

/* rows.c */
int sqlite_list(struct store *store, enum job_table table, const struct row_filter *filter,
                struct arena *a, struct job_row **rows, size_t *count, plain_error *err);
int sqlite_find(struct store *store, const plain_uuid *uuid, size_t most, struct arena *a,
                struct job_row **rows, size_t *count, plain_error *err);
int sqlite_stats(struct store *store, struct store_stats *out, plain_error *err);

/* queues.c */
int sqlite_queue_names(struct store *store, const char *after, size_t limit, struct arena *a,
                       const char *const **names, size_t *count, plain_error *err);

/* pauses.c */
int sqlite_pause(struct store *store, const struct pause *p, bool *is_new, plain_error *err);
int sqlite_resume(struct store *store, enum pause_kind kind, const char *name, const char *by,
                  plain_error *err);
int sqlite_pauses(struct store *store, struct arena *a, struct pause **pauses, size_t *count,
                  plain_error *err);

/* workers.c */
int sqlite_workers(struct store *store, struct arena *a, struct worker_view **workers,
                   size_t *count, plain_error *err);
int sqlite_ask_worker(struct store *store, const plain_uuid *worker, enum worker_wish wish,
                      const char *by, plain_error *err);
int sqlite_wish_of_worker(struct store *store, const plain_uuid *worker, enum worker_wish *wish,
                          plain_error *err);

/* waiting.c */
int sqlite_waiting(struct store *store, struct arena *a, struct waiting **rows, size_t *count,
                   plain_error *err);
int sqlite_count_ahead(struct store *store, const plain_uuid *request, int64_t *count,
                       plain_error *err);

/* verify.c, keeping.c */
int sqlite_verify(struct store *store, struct arena *a, struct finding **findings, size_t *count,
                  plain_error *err);
int sqlite_take_duty(struct store *store, const char *name, const plain_uuid *holder, int64_t ms,
                     plain_error *err);

/* keeping.c */
int sqlite_clear(struct store *store, int64_t before, int most, int64_t *deleted, plain_error *err);
int sqlite_purge(struct store *store, const char *by, int64_t *requests, plain_error *err);
int sqlite_now(struct store *store, int64_t *us, plain_error *err);
int sqlite_ended_since(struct store *store, int64_t since, int64_t by_status[JOB_STATUS_COUNT],
                       plain_error *err);
int sqlite_queue_stats(struct store *store, struct arena *a, struct queue_stats **queues,
                       size_t *count, plain_error *err);

/* scratch.c */
int sqlite_scratch_url(const char *url, const char *name, struct arena *a, const char **out,
                       plain_error *err);
int sqlite_scratch_discard(const char *url, plain_error *err);
int sqlite_facts(struct store *store, struct arena *a, struct store_fact **facts, size_t *count,
                 plain_error *err);

/* stops.c */
int sqlite_cancel(struct store *store, const plain_uuid *uuid, const char *by,
                  enum cancel_outcome *outcome, plain_error *err);
int sqlite_cancel_claimed(struct store *store, const char *by, int64_t *count, plain_error *err);
int sqlite_complete(struct store *store, const plain_uuid *token, plain_error *err);

/* delete.c, audit.c */
int sqlite_delete_job(struct store *store, const plain_uuid *uuid, const char *by,
                      enum delete_outcome *outcome, plain_error *err);
int sqlite_note(struct store *store, const struct audit_row *row, plain_error *err);
int sqlite_audit(struct store *store, const plain_uuid *uuid, int64_t before_id, int limit,
                 struct arena *a, struct audit_row **rows, size_t *count, plain_error *err);

#endif
