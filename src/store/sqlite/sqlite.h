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
                 plain_request *out, plain_error *err);

/* cycle.c */
int sqlite_cycle(struct store *store, const struct cycle *c, struct arena *a,
                 struct cycle_result *out, plain_error *err);

/* rows.c */
int sqlite_list(struct store *store, enum job_table table, const struct row_filter *filter,
                struct arena *a, struct job_row **rows, size_t *count, plain_error *err);
int sqlite_find(struct store *store, const plain_uuid *uuid, struct arena *a, struct job_row **rows,
                size_t *count, plain_error *err);
int sqlite_stats(struct store *store, struct store_stats *out, plain_error *err);

#endif
