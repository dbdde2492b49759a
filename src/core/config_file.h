/*
 * config_file.h - plain.conf: the sections `jobs` and `dev` and the titled ones, by libconfuse
 *
 *     jobs {
 *         jobs_worker_max_processes = 4
 *         database_url = "postgresql://app@db/app"
 *     }
 *     job thumbnail {
 *         queue = "slow"
 *     }
 *     dev {
 *         worker-slow = "plain jobs worker --queue slow"
 *     }
 *
 * libconfuse expands ${VARIABLE} from the environment in double quotes, takes backslash escapes
 * there, and nothing at all in single quotes. A list is {"a", "b"}. Threads: one at a time, since
 * libconfuse's scanner is global.
 */
#ifndef PLAIN_CORE_CONFIG_FILE_H
#define PLAIN_CORE_CONFIG_FILE_H

#include <plain/jobs/error.h>

#include "base/buf.h"
#include "base/compiler.h"
#include "core/section.h"
#include "core/settings.h"

/* One setting of the file; a list comes as a JSON array. Borrowed for the call. */
typedef int config_file_fn(enum setting_id id, const char *value, unsigned line, void *user,
                           plain_error *err);

/* One line of the section `dev`, in their order. Borrowed for the call. */
typedef int config_dev_fn(const char *name, const char *command, unsigned line, void *user,
                          plain_error *err);

/* Parses the text of a file, whose name is for messages, calls fn for each setting that it gives,
 * dev for each line of its section `dev`, and appends its titled sections to `sections`, in the
 * form of section.h. PJ202 for an unknown section or option, with the nearest one; PJ203 for bad
 * form. */
int config_file_parse(const char *path, const char *text, config_file_fn *fn, config_dev_fn *dev,
                      void *user, struct buf sections[SECTION_COUNT],
                      plain_error *err) PLAIN_MUST_USE;

#endif
