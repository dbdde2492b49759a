/*
 * candidates.h - what a word of the command line could become, for the completion of shells
 *
 * One rule for all shells, from the table of commands: they only differ in how they ask.
 */
#ifndef PLAIN_CLI_CANDIDATES_H
#define PLAIN_CLI_CANDIDATES_H

#include <stddef.h>

#include "cli/cli.h"

/* Where the names of files belong, this is the only line. */
#define CANDIDATES_FILES ":files"

/* Appends a line for each word that words[count - 1], which may be empty, could become: the word,
 * and behind a tab what it means, if that is known. words begin behind "plain"; count > 0. What
 * cannot be found out, as the classes of a module that does not load, is left out. */
void put_candidates(struct cli *cli, const char *const *words, size_t count);

#endif
