/*
 * cluster.h - a throw-away PostgreSQL server for one test program
 *
 * Started at the first call, in a folder of its own, with a Unix socket there and a free port on
 * loopback, as a user who is not root; stopped and removed at exit. It also stops when the program
 * is killed. A server that does not start ends the program with a failure: it is never skipped.
 */
#ifndef PLAIN_TESTS_STORE_CLUSTER_H
#define PLAIN_TESTS_STORE_CLUSTER_H

#include <stdint.h>

#include <libpq-fe.h>

struct conformance_database;

/* For the suites of conformance.h. */
extern const struct conformance_database cluster_database;

/* The URL of a new, empty database. Kept to the end of the program. */
const char *cluster_fresh(void);

/* Runs one statement there, committed, over a connection that is nobody else's and stays open until
 * another database is meant. Returns the first column of the first row as a number, 0 without a
 * row. Fails the test on an error. From any thread. */
int64_t cluster_number(const char *url, const char *sql);

/* Runs statements over a connection of the test's. Fails the test on an error. */
void cluster_run(PGconn *conn, const char *sql);

/* Until a session of that database's server waits for a lock. */
void cluster_await_lock(const char *url);

/* The folder of the socket, and the port, also that of 127.0.0.1. */
const char *cluster_socket_folder(void);
int cluster_port(void);

/* Stops the server at once, as a crash of it would, and starts it again. */
void cluster_crash(void);
void cluster_restart(void);

#endif
