/*
 * commands.h - the table of commands, and their functions
 */
#ifndef PLAIN_CLI_COMMANDS_H
#define PLAIN_CLI_COMMANDS_H

#include <plain/jobs/error.h>

#include "cli/options.h"

struct cli;

extern const struct option_table command_table;

/* Each says PLAIN_OK, PLAIN_SKIPPED, or an error. */
int cmd_admin(struct cli *cli, plain_error *err);
int cmd_audit(struct cli *cli, plain_error *err);
int cmd_bench(struct cli *cli, plain_error *err);
int cmd_build(struct cli *cli, plain_error *err);
int cmd_cancel(struct cli *cli, plain_error *err);
int cmd_clear(struct cli *cli, plain_error *err);
int cmd_completion(struct cli *cli, plain_error *err);
int cmd_config(struct cli *cli, plain_error *err);
int cmd_delete(struct cli *cli, plain_error *err);
int cmd_dev(struct cli *cli, plain_error *err);
int cmd_enqueue(struct cli *cli, plain_error *err);
int cmd_help(struct cli *cli, plain_error *err);
int cmd_init(struct cli *cli, plain_error *err);
int cmd_list(struct cli *cli, plain_error *err);
int cmd_migrate(struct cli *cli, plain_error *err);
int cmd_next(struct cli *cli, plain_error *err);
int cmd_schedule(struct cli *cli, plain_error *err);
int cmd_pause(struct cli *cli, plain_error *err);
int cmd_processes(struct cli *cli, plain_error *err);
int cmd_purge(struct cli *cli, plain_error *err);
int cmd_queues(struct cli *cli, plain_error *err);
int cmd_quiet(struct cli *cli, plain_error *err);
int cmd_requests(struct cli *cli, plain_error *err);
int cmd_results(struct cli *cli, plain_error *err);
int cmd_resume(struct cli *cli, plain_error *err);
int cmd_retry(struct cli *cli, plain_error *err);
int cmd_run(struct cli *cli, plain_error *err);
int cmd_show(struct cli *cli, plain_error *err);
int cmd_stats(struct cli *cli, plain_error *err);
int cmd_stop(struct cli *cli, plain_error *err);
int cmd_verify(struct cli *cli, plain_error *err);
int cmd_version(struct cli *cli, plain_error *err);
int cmd_why(struct cli *cli, plain_error *err);
int cmd_worker(struct cli *cli, plain_error *err);
int cmd_workers(struct cli *cli, plain_error *err);

#endif
