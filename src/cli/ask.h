/*
 * ask.h - a question before what cannot be undone
 */
#ifndef PLAIN_CLI_ASK_H
#define PLAIN_CLI_ASK_H

#include <stdbool.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "cli/cli.h"

/* Asks on stderr, and reads the answer from the terminal that is stdin: y or yes, in any case, is
 * yes. --yes answers by itself. PLAIN_E_REFUSED (PJ504) without a terminal. */
int ask(struct cli *cli, const char *question, bool *yes, plain_error *err) PLAIN_MUST_USE;

#endif
