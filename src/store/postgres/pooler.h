/*
 * pooler.h - working behind a pooler that lends the server's connections by the transaction
 *
 * PgBouncer in transaction mode gives each transaction whatever connection is free. What belongs to
 * a connection is then not ours: a name that one transaction prepared is missing or taken in the
 * next (26000, 42P05), a setting reaches other clients, LISTEN hears nothing. So statements go out
 * as texts without a name, and the settings at the head of each transaction, for this one alone.
 * Nothing is to be configured: a pooler is known by the process number that it gives to its
 * clients, which is no process of the server.
 *
 * It costs parsing and planning at each call. A database whose default_transaction_isolation is
 * stricter than READ COMMITTED makes claims wait and try again there (PJ305), since a single
 * statement cannot choose its level.
 */
#ifndef PLAIN_STORE_POSTGRES_POOLER_H
#define PLAIN_STORE_POSTGRES_POOLER_H

#include <stdbool.h>

#include "store/postgres/session.h"

/* From the answer to SQL_SESSION_SETTINGS: whether there is one. */
bool pooler_learn(struct session *s, const PGresult *settings);
void pooler_forget(struct session *s); /* with the connection */

/* Whether SQL_POOLED_SETTINGS has to go before the statement, which is sent next. */
bool pooler_wants_settings(struct session *s, enum sql_name name);

/* After a sync: failed is what became of the statements, link of the connection. */
void pooler_synced(struct session *s, int failed, int link);

#endif
