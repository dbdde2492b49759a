/*
 * path.h - sqlite:PATH, and whether SQLite can work on the file system that it lies on
 */
#ifndef PLAIN_STORE_SQLITE_PATH_H
#define PLAIN_STORE_SQLITE_PATH_H

#include <limits.h>
#include <stdbool.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

enum journal { JOURNAL_AS_IT_IS, JOURNAL_WAL, JOURNAL_DELETE };

struct sqlite_path {
    char path[PATH_MAX];  /* absolute; where a link to the file leads */
    enum journal journal; /* ?journal=wal, ?journal=delete; not given: WAL for a new file */
};

/* Takes "sqlite:jobs.db", "sqlite:/var/lib/jobs.db" and "sqlite:///var/lib/jobs.db" apart.
 * PLAIN_E_INVALID (PJ307). */
int path_parse(const char *url, struct sqlite_path *out, plain_error *err) PLAIN_MUST_USE;

/* PLAIN_E_UNREACHABLE (PJ301) with the reason for which the file cannot be opened, or made when
 * create. *exists: it has something in it. */
int path_check(const char *path, bool create, bool *exists, plain_error *err) PLAIN_MUST_USE;

/* The name of a network file system, by the f_type of statfs(2); NULL when it is none. */
const char *path_network_name(long file_system_type);

/* PLAIN_E_REFUSED (PJ303) when the file's folder lies on a network file system. */
int path_check_local(const char *path, plain_error *err) PLAIN_MUST_USE;

#endif
