/*
 * stops.h - what a cycle does about jobs that others stop
 */
#ifndef PLAIN_STORE_SQLITE_STOPS_H
#define PLAIN_STORE_SQLITE_STOPS_H

#include "store/sqlite/connection.h"
#include "store/store.h"

/* The root of the job that a uuid belongs to. */
int sqlite_find_root(struct connection *conn, const plain_uuid *uuid, plain_uuid *root, bool *found,
                     plain_error *err) PLAIN_MUST_USE;
/* Asks the running attempt of a job to end; *asked: there is one. row says who and why: what is new
 * is noted as that, of its class. */
int sqlite_ask_to_end(struct connection *conn, const plain_uuid *root, const struct audit_row *row,
                      bool *asked, plain_error *err) PLAIN_MUST_USE;

/* All in the cycle's transaction. */
int sqlite_watch(struct connection *conn, const struct cycle *c, struct arena *a,
                 struct cycle_result *out, plain_error *err) PLAIN_MUST_USE;
/* Ends a claim that is put back and that somebody cancelled; *cancelled: there was one. */
int sqlite_cancel_released(struct connection *conn, const struct cycle *c, const plain_uuid *token,
                           int64_t now, bool *cancelled, plain_error *err) PLAIN_MUST_USE;
/* Whether the attempt is recorded as SUCCESSFUL. */
int sqlite_is_recorded(struct connection *conn, const plain_uuid *token, bool *recorded,
                       plain_error *err) PLAIN_MUST_USE;
/* Of one that is: what the end knows beside. */
int sqlite_note_figures(struct connection *conn, const struct job_end *end,
                        plain_error *err) PLAIN_MUST_USE;

/* cycle.c: adds the results from first_id on to the counters. */
int sqlite_count_results(struct connection *conn, int64_t first_id, int shard,
                         plain_error *err) PLAIN_MUST_USE;
int sqlite_delete_process(struct connection *conn, const plain_uuid *token,
                          plain_error *err) PLAIN_MUST_USE;

#endif
