/*
 * plain/jobs/error.h - how every function of this library reports what went wrong
 *
 * A function that can fail returns int: 0 (PLAIN_OK) is done, a positive value is a fact that is
 * not a failure (PLAIN_SKIPPED, PLAIN_NONE), a negative one is a failure (PLAIN_E_...). Its last
 * parameter is the caller's plain_error, which may be NULL. It is written only on failure, and
 * nothing in it has to be freed.
 *
 *     plain_error err;
 *     if (plain_jobs_open("sqlite:plain.db", &jobs, &err) < 0)
 *         fprintf(stderr, "error[PJ%d]: %s\n  -> %s\n", err.pj, err.message, err.fix);
 *
 * There is no "last error" of a thread or a handle, and errno means nothing after a call.
 */
#ifndef PLAIN_JOBS_ERROR_H
#define PLAIN_JOBS_ERROR_H

#include <stdbool.h>

#include <plain/jobs/compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Results that are not failures. */
#define PLAIN_OK      0
#define PLAIN_SKIPPED 1 /* the concurrency key is held: nothing was enqueued */
#define PLAIN_NONE    2 /* there is nothing of the kind that was asked for   */

/*
 * The failures: name, number, what it means, whether the same call may succeed later, exit code of
 * the command line. The numbers never change; new ones are appended.
 */
#define PLAIN_ERROR_MAP(X)                                                                         \
    X(INVALID, -1, "an argument or value is not acceptable", false, 2)                             \
    X(NOMEM, -2, "out of memory", true, 70)                                                        \
    X(NOT_FOUND, -3, "there is no such thing", false, 3)                                           \
    X(UNREACHABLE, -4, "the database cannot be reached", true, 4)                                  \
    X(SCHEMA, -5, "the database's schema does not fit this program", false, 5)                     \
    X(BUSY, -6, "another transaction is in the way", true, 1)                                      \
    X(DB, -7, "the database refused", false, 1)                                                    \
    X(VERSION, -8, "a structure or module of another version", false, 2)                           \
    X(FORKED, -9, "the handle was opened before fork()", false, 1)                                 \
    X(MODULE, -10, "a job module cannot be used", false, 2)                                        \
    X(IO, -11, "the operating system refused", false, 1)                                           \
    X(REFUSED, -12, "not allowed here", false, 7)                                                  \
    X(TIMEOUT, -13, "it took too long", true, 1)                                                   \
    X(JOB, -14, "the job failed", false, 1)                                                        \
    X(ISOLATION, -15, "not possible at this isolation level", false, 1)

enum plain_error_code {
#define PLAIN_ERROR_ENUM(name, number, text, retryable, exit_code) PLAIN_E_##name = (number),
    PLAIN_ERROR_MAP(PLAIN_ERROR_ENUM)
#undef PLAIN_ERROR_ENUM
};

/* 1,024 bytes for ever. */
typedef struct plain_error {
    int code;                 /* PLAIN_E_...: stable, also the function's return value          */
    int pj;                   /* 302 of PJ302: what `plain help PJ302` explains                 */
    int native;               /* errno, SQLite's extended code or a server's number; 0 if none  */
    char sqlstate[6];         /* five characters from the server, "" if none                    */
    bool retryable;           /* the same call may succeed later (lost link, 40001, busy)       */
    bool transaction_aborted; /* the caller's transaction must be rolled back                   */
    char field[64];           /* which parameter, option or setting, "" if none                 */
    char message[512];        /* one line, UTF-8: what we were doing and why not; no password   */
    char fix[256];            /* what to do, as a command where there is one; "" if none        */
    char reserved[172];
} plain_error;

/* The name of a code, "PLAIN_E_BUSY" for PLAIN_E_BUSY; "PLAIN_E_?" for an unknown one. Static. */
PLAIN_EXPORT const char *plain_error_name(int code);

#ifdef __cplusplus
}
#endif

#endif
