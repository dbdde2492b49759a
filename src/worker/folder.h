/*
 * folder.h - where worker files lie
 *
 * Beside a database that is a file: "plain.db-workers". Else in the folder for things that live as
 * long as their process: $RUNTIME_DIRECTORY (a systemd service's), $XDG_RUNTIME_DIR/plain-jobs,
 * /run/user/UID/plain-jobs, and where there is none of them /tmp/plain-jobs-UID. Only its owner may
 * enter it.
 */
#ifndef PLAIN_WORKER_FOLDER_H
#define PLAIN_WORKER_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

/* Its path into out, whether it is there or not; false when that is too long. */
bool folder_path(const char *database, char out[PATH_MAX]);

/* The same, made if need be. database: the file, or NULL. PLAIN_E_IO (PJ622) when it
 * cannot be made, or when somebody else could write to it. */
int folder_find(const char *database, char out[PATH_MAX], plain_error *err) PLAIN_MUST_USE;

#endif
