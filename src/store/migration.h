/*
 * migration.h - the steps from an empty database to the schema of this program
 *
 * The arrays are generated from src/store/<database>/migrations/NNN_name.sql, in order of their
 * versions; a released file never changes, since databases remember what they have applied.
 */
#ifndef PLAIN_STORE_MIGRATION_H
#define PLAIN_STORE_MIGRATION_H

#include <stddef.h>

struct migration {
    int version;      /* NNN, from 1 without gaps          */
    const char *name; /* "initial" of 001_initial.sql      */
    const char *sql;  /* the whole file, several statements */
};

extern const struct migration migrations_sqlite[];
extern const size_t migrations_sqlite_count;

#ifdef PLAIN_HAVE_POSTGRES
extern const struct migration migrations_postgres[];
extern const size_t migrations_postgres_count;
#endif

#endif
