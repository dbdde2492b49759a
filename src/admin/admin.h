/*
 * admin.h - the pages of the admin: they show, and change nothing
 *
 * Each page opens the database for itself, to read, so that a restart of the database needs no
 * restart of the admin, and costs a fixed number of queries, which are bounded whatever the history
 * but for a filter that finds little. What cannot be read is told on the page, with the reason and
 * what helps.
 */
#ifndef PLAIN_ADMIN_ADMIN_H
#define PLAIN_ADMIN_ADMIN_H

#include <stdbool.h>

#include "http/server.h"

struct admin {
    const char *url; /* of the database */
    bool utc;        /* times; or in the system's zone */
};

/* Answers a request; user is a struct admin, which is not written. Threads: any. */
http_answer admin_answer;

#endif
