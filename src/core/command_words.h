/*
 * command_words.h - the words of a command that is run without a shell
 *
 *     plain jobs worker --queue slow          blanks separate words
 *     printf '%s\n' "two words" one\ word     quotes and backslashes keep them together
 *
 * In single quotes everything stands for itself; in double quotes \" and \\ are a quote and a
 * backslash, and every other backslash stands for itself; elsewhere a backslash takes the next
 * character as it is. What only a shell could do is refused rather than passed on as text: outside
 * of quotes | & ; < > ( ) $ ` * ? [ ] { } ! and a word that begins with ~ or #; in double quotes $
 * and `; and NAME=value in front of the command.
 */
#ifndef PLAIN_CORE_COMMAND_WORDS_H
#define PLAIN_CORE_COMMAND_WORDS_H

#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/arena.h"
#include "base/compiler.h"

/* Words in a, followed by NULL; at least one. place is for messages: "plain.conf:3". PJ202 for what
 * is refused. */
int command_words(const char *command, const char *place, struct arena *a, char ***words,
                  size_t *count, plain_error *err) PLAIN_MUST_USE;

#endif
