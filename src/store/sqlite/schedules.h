/*
 * schedules.h - the verbs of schedules and slots on SQLite, for the table in sqlite.c
 *
 * Their contracts stand in store.h.
 */
#ifndef PLAIN_STORE_SQLITE_SCHEDULES_H
#define PLAIN_STORE_SQLITE_SCHEDULES_H

#include "store/store.h"

int sqlite_schedule_find(struct store *store, const char *name, struct arena *a,
                         struct schedule_row *out, int64_t *now, plain_error *err);
int sqlite_schedule_list(struct store *store, struct arena *a, struct schedule_row **rows,
                         size_t *count, plain_error *err);
int sqlite_schedule_declare(struct store *store, const struct schedule_definition *d,
                            int64_t slot_at, plain_error *err);
int sqlite_schedule_remove(struct store *store, const char *name, int64_t started_at, int64_t now,
                           plain_error *err);
int sqlite_schedule_account(struct store *store, const struct slot_batch *b, bool paused,
                            enum slot_status *became, plain_request *request, plain_error *err);
int sqlite_schedule_run(struct store *store, const char *name, const struct slot_job *job,
                        const char *by, plain_request *request, plain_error *err);
int sqlite_schedule_pause(struct store *store, const char *name, const char *by, const char *reason,
                          int64_t now, plain_error *err);
int sqlite_schedule_resume(struct store *store, const char *name, const char *by, int64_t now,
                           plain_error *err);

#endif
