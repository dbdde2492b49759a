/*
 * libpq.h - libpq, loaded when a PostgreSQL database is used
 *
 * It comes with some thirty libraries (LDAP, Kerberos, GnuTLS): linked, they would be loaded by
 * each program, runner and command that never talks to PostgreSQL, which takes 12 of the 19 ms of a
 * start. Whatever speaks to PostgreSQL calls libpq.PQ...(), behind a libpq_load() that was good.
 */
#ifndef PLAIN_STORE_POSTGRES_LIBPQ_H
#define PLAIN_STORE_POSTGRES_LIBPQ_H

#include <libpq-fe.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* All that we call. */
#define LIBPQ_FUNCTIONS(X)                                                                         \
    X(PQbackendPID)                                                                                \
    X(PQclear)                                                                                     \
    X(PQconnectdbParams)                                                                           \
    X(PQconninfoFree)                                                                              \
    X(PQconninfoParse)                                                                             \
    X(PQconsumeInput)                                                                              \
    X(PQdb)                                                                                        \
    X(PQenterPipelineMode)                                                                         \
    X(PQerrorMessage)                                                                              \
    X(PQexec)                                                                                      \
    X(PQexecParams)                                                                                \
    X(PQexitPipelineMode)                                                                          \
    X(PQfinish)                                                                                    \
    X(PQflush)                                                                                     \
    X(PQfreemem)                                                                                   \
    X(PQgetResult)                                                                                 \
    X(PQgetisnull)                                                                                 \
    X(PQgetlength)                                                                                 \
    X(PQgetvalue)                                                                                  \
    X(PQhost)                                                                                      \
    X(PQisBusy)                                                                                    \
    X(PQisnonblocking)                                                                             \
    X(PQnfields)                                                                                   \
    X(PQnotifies)                                                                                  \
    X(PQntuples)                                                                                   \
    X(PQparameterStatus)                                                                           \
    X(PQpass)                                                                                      \
    X(PQpipelineStatus)                                                                            \
    X(PQpipelineSync)                                                                              \
    X(PQport)                                                                                      \
    X(PQresultErrorField)                                                                          \
    X(PQresultErrorMessage)                                                                        \
    X(PQresultStatus)                                                                              \
    X(PQsendPrepare)                                                                               \
    X(PQsendQuery)                                                                                 \
    X(PQsendQueryParams)                                                                           \
    X(PQsendQueryPrepared)                                                                         \
    X(PQserverVersion)                                                                             \
    X(PQsetNoticeReceiver)                                                                         \
    X(PQsetnonblocking)                                                                            \
    X(PQsocket)                                                                                    \
    X(PQstatus)                                                                                    \
    X(PQtransactionStatus)

#define LIBPQ_MEMBER(name) __typeof__(name) *name;
struct libpq {
    LIBPQ_FUNCTIONS(LIBPQ_MEMBER)
};
#undef LIBPQ_MEMBER

/* Read only behind libpq_load(). */
extern struct libpq libpq;

/* PLAIN_E_IO (PJ705) when it is not installed, or too old. Threads: any. */
int libpq_load(plain_error *err) PLAIN_MUST_USE;

#endif
