/*
 * postgres.h - the store on PostgreSQL, for the files of this folder
 *
 * postgres.c holds the table of verbs; each of request.c, cycle.c, rows.c and migrate.c some of
 * them, as store.h describes them.
 */
#ifndef PLAIN_STORE_POSTGRES_POSTGRES_H
#define PLAIN_STORE_POSTGRES_POSTGRES_H

#include "store/postgres/bound.h"
#include "store/postgres/session.h"
#include "store/store.h"

struct postgres {
    struct store base; /* first: a struct store * is cast to this */
    struct session session;
    struct bounds bounds;
    int64_t marked_at; /* the first transaction number behind the last IDLE_MARK; 0: not known */
    bool may_not_tidy; /* as the server said */
};

static inline struct postgres *postgres_of(struct store *s)
{
    return (struct postgres *)s;
}

int postgres_enqueue(struct store *s, const struct new_request *r, plain_request *out,
                     plain_error *err);
int postgres_retry(struct store *s, const plain_uuid *token, const plain_uuid *new_uuid,
                   const char *by, plain_request *out, plain_error *err);

/* Inserts in the session's transaction: PLAIN_SKIPPED when the key is held, without a holder. */
int postgres_insert(struct session *s, const struct new_request *r, plain_request *out,
                    plain_error *err);
/* Who holds the key that was in the way: PLAIN_SKIPPED, and out says so as far as it is seen. */
int postgres_tell_holder(struct session *s, const struct new_request *r, plain_request *out,
                         plain_error *err);
/* Appends the first ten values of an INSERT to the wire: uuid, job_class, parameters, queue, delay,
 * start_at, priority, retries, concurrency_key, source. */
void postgres_put_request(struct wire *w, const struct new_request *r);

int postgres_adopt(void *connection, const char *schema, struct store **out, plain_error *err);
int postgres_enqueue_many(struct store *s, const struct request_source *from, plain_request *out,
                          plain_error *err);
int postgres_enqueue_ruled(struct store *s, const struct new_request *r, const char *lock,
                           int (*rule)(struct store_tx *tx, void *user), void *user,
                           plain_request *out, plain_error *err);
/* In the session's transaction, as enqueue_ruled. */
int postgres_insert_ruled(struct store *s, const struct new_request *r, const char *lock,
                          int (*rule)(struct store_tx *tx, void *user), void *user,
                          plain_request *out, plain_error *err);
int postgres_count(struct store_tx *tx, enum job_table table, const char *job_class,
                   const char *key, unsigned flags, const plain_uuid *self, int64_t *out,
                   plain_error *err);
const char *postgres_enqueue_sql(void);

int postgres_cycle(struct store *s, const struct cycle *c, struct arena *a,
                   struct cycle_result *out, plain_error *err);

int postgres_register_worker(struct store *s, const struct worker_row *row, plain_error *err);
int postgres_beat(struct store *s, const plain_uuid *worker, bool stops, plain_error *err);
int postgres_leave(struct store *s, const plain_uuid *worker, plain_error *err);
int postgres_rescue(struct store *s, const struct rescue_wish *wish, struct arena *a,
                    struct rescue_result *out, plain_error *err);

int postgres_look(struct store *s, const struct claim_wish *wish, struct look *out,
                  plain_error *err);
int postgres_listen(struct store *s, const plain_uuid *worker, struct listening *out,
                    plain_error *err);
int postgres_hear(struct store *s, bool changed, struct heard *out, plain_error *err);

int postgres_list(struct store *s, enum job_table table, const struct row_filter *filter,
                  struct arena *a, struct job_row **rows, size_t *count, plain_error *err);
int postgres_find(struct store *s, const plain_uuid *uuid, size_t most, struct arena *a,
                  struct job_row **rows, size_t *count, plain_error *err);
int postgres_stats(struct store *s, struct store_stats *out, plain_error *err);

int postgres_schema_version(struct store *s, int *version, plain_error *err);
int postgres_newest_version(void);
int postgres_migrate(struct store *s, int *from, int *to, plain_error *err);
int postgres_migration_sql(struct store *s, size_t i, struct arena *a, int *version,
                           const char **name, const char **sql, plain_error *err);

int postgres_clear(struct store *s, int64_t before, int most, int64_t *deleted, plain_error *err);
int postgres_purge(struct store *s, const char *by, int64_t *requests, plain_error *err);
int postgres_now(struct store *s, int64_t *us, plain_error *err);
int postgres_identify(struct store *s, char out[STORE_IDENTITY_SIZE], plain_error *err);
int postgres_ended_since(struct store *s, int64_t since, int64_t by_status[JOB_STATUS_COUNT],
                         plain_error *err);
int postgres_queue_stats(struct store *s, struct arena *a, struct queue_stats **queues,
                         size_t *count, plain_error *err);
int postgres_queue_names(struct store *s, const char *after, size_t limit, struct arena *a,
                         const char *const **names, size_t *count, plain_error *err);
int postgres_pause(struct store *s, const struct pause *p, bool *is_new, plain_error *err);
int postgres_resume(struct store *s, enum pause_kind kind, const char *name, const char *by,
                    plain_error *err);
int postgres_pauses(struct store *s, struct arena *a, struct pause **pauses, size_t *count,
                    plain_error *err);
int postgres_workers(struct store *s, struct arena *a, struct worker_view **workers, size_t *count,
                     plain_error *err);
int postgres_ask_worker(struct store *s, const plain_uuid *worker, enum worker_wish wish,
                        const char *by, plain_error *err);
int postgres_wish_of_worker(struct store *s, const plain_uuid *worker, enum worker_wish *wish,
                            plain_error *err);
int postgres_waiting(struct store *s, struct arena *a, struct waiting **rows, size_t *count,
                     plain_error *err);
int postgres_count_ahead(struct store *s, const plain_uuid *request, int64_t *count,
                         plain_error *err);
int postgres_delete_job(struct store *s, const plain_uuid *uuid, const char *by,
                        enum delete_outcome *outcome, plain_error *err);
int postgres_note(struct store *s, const struct audit_row *row, plain_error *err);
/* In the session's transaction, or call. */
int postgres_note_in(struct session *s, const struct audit_row *row, plain_error *err);
int postgres_audit(struct store *s, const plain_uuid *uuid, int64_t before_id, int limit,
                   struct arena *a, struct audit_row **rows, size_t *count, plain_error *err);
int postgres_tidy(struct store *s, enum tidy_what what, plain_error *err);
int postgres_verify(struct store *s, struct arena *a, struct finding **findings, size_t *count,
                    plain_error *err);
int postgres_take_duty(struct store *s, const char *name, const plain_uuid *holder, int64_t ms,
                       plain_error *err);

int postgres_cancel(struct store *s, const plain_uuid *uuid, const char *by,
                    enum cancel_outcome *outcome, plain_error *err);
int postgres_cancel_claimed(struct store *s, const char *by, int64_t *count, plain_error *err);
/* scratch.c */
int postgres_scratch_url(const char *url, const char *name, struct arena *a, const char **out,
                         plain_error *err);
int postgres_scratch_discard(const char *url, plain_error *err);
int postgres_facts(struct store *s, struct arena *a, struct store_fact **facts, size_t *count,
                   plain_error *err);

int postgres_complete(struct store *s, const plain_uuid *token, plain_error *err);

#endif
