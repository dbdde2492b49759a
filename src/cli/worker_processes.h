/*
 * worker_processes.h - how many runners a worker starts
 */
#ifndef PLAIN_CLI_WORKER_PROCESSES_H
#define PLAIN_CLI_WORKER_PROCESSES_H

#include "core/settings.h"

/* As the setting says (--max-processes), else one for each CPU that may be used. */
int worker_processes(const struct settings *s);

#endif
