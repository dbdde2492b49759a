/*
 * own_program.h - the program to start where "plain" is meant
 */
#ifndef PLAIN_CLI_OWN_PROGRAM_H
#define PLAIN_CLI_OWN_PROGRAM_H

#include <limits.h>
#include <stdbool.h>

#include "cli/cli.h"

/* What "plain" as the first word of a command starts: this very program, even when its file was
 * replaced. But a program that is its own worker has its jobs in itself, so there it is the path,
 * kept in room, of which the newest file counts. */
const char *own_program(const struct cli *cli, char room[PATH_MAX]);

#endif
