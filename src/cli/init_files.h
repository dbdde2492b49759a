/*
 * init_files.h - the files of a starting project
 */
#ifndef PLAIN_CLI_INIT_FILES_H
#define PLAIN_CLI_INIT_FILES_H

#include <stddef.h>
#include <sys/types.h>

struct init_file {
    const char *path; /* below the project's folder, which has at most one more level */
    mode_t mode;
    const char *text;
};

extern const struct init_file init_files[];
extern const size_t init_file_count;

/* The commands to begin with, each without its line end; NULL ends them. */
extern const char *const init_commands[];

#endif
