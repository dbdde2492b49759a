/*
 * worker_reload.h - plain jobs worker --reload: what worker/reload.h needs to know
 */
#ifndef PLAIN_CLI_WORKER_RELOAD_H
#define PLAIN_CLI_WORKER_RELOAD_H

#include "cli/cli.h"

/* Runs the worker that the command line asks for, without its --reload, under a supervisor. */
int worker_reload(struct cli *cli, plain_error *err) PLAIN_MUST_USE;

#endif
