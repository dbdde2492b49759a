/*
 * audit.h - writing down what people did
 */
#ifndef PLAIN_STORE_SQLITE_AUDIT_H
#define PLAIN_STORE_SQLITE_AUDIT_H

#include "store/sqlite/connection.h"

/* Writes a row, in the connection's transaction; id and at are not looked at. Texts that are NULL
 * are "". */
int audit_note(struct connection *conn, const struct audit_row *row, plain_error *err);

#endif
