/*
 * commands.c - the table of commands and options
 *
 * To add a command: a row here, its function in cmd_<name>.c, then `tools/gen-docs`.
 */
#include "cli/commands.h"

#include <stdint.h>

#include "base/compiler.h"

static const struct cli_option globals[] = {
    {OPTION_DB, 0, false, "db", "URL",
     "database, sqlite:PATH or postgresql://...; beats DATABASE_URL"},
    {OPTION_CONFIG, 0, false, "config", "FILE", "read settings from FILE instead of plain.conf"},
    {OPTION_JSON, 0, false, "json", NULL, "output and errors as one JSON document"},
    {OPTION_QUIET, 'q', false, "quiet", NULL,
     "say nothing but the output asked for, log warnings only"},
    {OPTION_VERBOSE, 'v', false, "verbose", NULL, "log debug records too"},
    {OPTION_NO_COLOR, 0, false, "no-color", NULL, "no colours (also NO_COLOR, TERM=dumb)"},
    {OPTION_UTC, 0, false, "utc", NULL, "times in UTC instead of the local time zone"},
    {OPTION_YES, 'y', false, "yes", NULL, "answer every question with yes"},
    {OPTION_HELP, 'h', false, "help", NULL, "help for the command"},
    {OPTION_VERSION, 0, false, "version", NULL, "the version"},
    {0},
};

static const struct cli_option migrate_options[] = {
    {OPTION_SQL, 0, false, "sql", NULL, "print the SQL of all steps and change nothing"},
    {OPTION_DRY_RUN, 0, false, "dry-run", NULL, "say what would be done and change nothing"},
    {0},
};

static const struct cli_option help_options[] = {
    {OPTION_MARKDOWN, 0, false, "markdown", NULL,
     "of errors, settings or commands: the page in docs"},
    {OPTION_MANUAL, 0, false, "manual", NULL,
     "of commands or settings: plain(1) or plain.conf(5) for scdoc"},
    {0},
};

static const struct cli_option worker_options[] = {
    {OPTION_QUEUE, 0, true, "queue", "QUEUE",
     "work for this queue, 'mail*' or '*'; up to 100 times [default]"},
    {OPTION_MAX_PROCESSES, 0, false, "max-processes", "N",
     "runners, each runs one job at a time [the CPUs allowed]"},
    {OPTION_MAX_JOBS_PER_PROCESS, 0, false, "max-jobs-per-process", "N",
     "replace a runner after N jobs [never]"},
    {OPTION_MAX_PENDING_PER_PROCESS, 0, false, "max-pending-per-process", "N",
     "claimed and unstarted jobs per runner [automatic]"},
    {OPTION_STATS_EVERY, 0, false, "stats-every", "SECONDS",
     "log figures so often, 0 for never [60]"},
    {OPTION_DRAIN, 0, false, "drain", NULL, "stop when the queues hold nothing that is due"},
    {OPTION_RELOAD, 0, false, "reload", NULL, "build and start anew when files change"},
    {0},
};

static const struct cli_option enqueue_options[] = {
    {OPTION_PARAMS, 0, false, "params", "JSON", "the parameters as one JSON object"},
    {OPTION_QUEUE, 0, false, "queue", "QUEUE", "queue instead of the class's"},
    {OPTION_DELAY, 0, false, "delay", "TIME",
     "start in 60 (seconds), 300ms, 5m, 2h, 7d, or at an RFC 3339 time"},
    {OPTION_PRIORITY, 0, false, "priority", "N", "-32768 to 32767, higher runs first"},
    {OPTION_RETRIES, 0, false, "retries", "N", "0 to 32767: at most N + 1 attempts"},
    {OPTION_KEY, 0, false, "key", "KEY", "concurrency key; \"\" for none"},
    {OPTION_TIMEOUT, 0, false, "timeout", "TIME",
     "stop it when it runs longer than 60 (seconds), 300ms, 5m, 2h"},
    {OPTION_COUNT_OF, 0, false, "count", "N", "enqueue it N times [1]"},
    {OPTION_FROM, 0, false, "from", "FILE", "enqueue a job for each line of FILE; - is stdin"},
    {OPTION_PARTIAL, 0, false, "partial", NULL, "leave bad lines of FILE out"},
    {OPTION_UNREGISTERED, 0, false, "unregistered", NULL,
     "also a class that is not registered here"},
    {0},
};

static const struct cli_option clear_options[] = {
    {OPTION_OLDER_THAN, 0, false, "older-than", "AGE",
     "36h, 7d or seconds, instead of JOBS_RESULTS_RETENTION"},
    {0},
};

static const struct cli_option pause_options[] = {
    {OPTION_QUEUE, 0, false, "queue", "QUEUE", "this queue, 'mail*' or '*'"},
    {OPTION_CLASS, 0, false, "class", "CLASS", "this class, in every queue"},
    {OPTION_REASON, 0, false, "reason", "TEXT", "why, for others to read"},
    {0},
};

static const struct cli_option schedule_options[] = {
    {OPTION_REASON, 0, false, "reason", "TEXT", "of a pause, for others to read"},
    {0},
};

static const struct cli_option resume_options[] = {
    {OPTION_QUEUE, 0, false, "queue", "QUEUE", "this queue, or the pattern that was paused"},
    {OPTION_CLASS, 0, false, "class", "CLASS", "this class"},
    {0},
};

static const struct cli_option run_options[] = {
    {OPTION_PARAMS, 0, false, "params", "JSON", "the parameters as one JSON object"},
    {0},
};

static const struct cli_option rows_options[] = {
    {OPTION_CLASS, 0, false, "class", "CLASS", "only of this class"},
    {OPTION_QUEUE, 0, false, "queue", "QUEUE", "only of this queue"},
    {OPTION_LIMIT, 0, false, "limit", "N", "at most N rows, 1 to 1000 [50]"},
    {0},
};

static const struct cli_option results_options[] = {
    {OPTION_STATUS, 0, false, "status", "STATUS",
     "only SUCCESSFUL, ERRORED, CANCELLED, DEFERRED or LOST, in any case"},
    {OPTION_CLASS, 0, false, "class", "CLASS", "only of this class"},
    {OPTION_QUEUE, 0, false, "queue", "QUEUE", "only of this queue"},
    {OPTION_LIMIT, 0, false, "limit", "N", "at most N rows, 1 to 1000 [50]"},
    {0},
};

static const struct cli_option bench_options[] = {
    {OPTION_JOBS, 0, false, "jobs", "N", "enqueue and drain N jobs, 1 to 10000000 [100000]"},
    {OPTION_MAX_PROCESSES, 0, false, "max-processes", "N",
     "runners, each runs one job at a time [the CPUs allowed]"},
    {0},
};

static const struct cli_option admin_options[] = {
    {OPTION_LISTEN, 0, false, "listen", "ADDRESS",
     "HOST:PORT of this machine alone; port 0 for a free one [127.0.0.1:8642]"},
    {0},
};

static const struct cli_option audit_options[] = {
    {OPTION_LIMIT, 0, false, "limit", "N", "at most N rows, 1 to 1000 [50]"},
    {OPTION_BEFORE, 0, false, "before", "ID", "those before this id: the next page"},
    {0},
};

static const struct cli_option next_options[] = {
    {OPTION_FROM, 0, false, "from", "TIME",
     "first time after TIME; without an offset it is local time of the zone [now]"},
    {OPTION_TIMEZONE, 0, false, "timezone", "ZONE", "time zone, Europe/Berlin [UTC]"},
    {OPTION_COUNT_OF, 0, false, "count", "N", "N times instead of one, at most 1000"},
    {OPTION_DST, 0, false, "dst", "POLICY", "changes of the clock: cron or wall [cron]"},
    {0},
};

static const struct command commands[] = {
    {
        .group = "",
        .name = "init",
        .operands = "[FOLDER]",
        .most = 1,
        .doc = "Write a starting project.",
        .about = "A job in C, one in shell, settings, and what belongs beside them, into FOLDER or "
                 "the current\n"
                 "one. Says the commands to go on with. Nothing is overwritten: when one of the "
                 "files is\n"
                 "there, none is written (PJ508, exit code 7).",
        .json = "{\"folder\", \"files\": [\"path\"]}",
        .example = "plain init shop",
        .run = cmd_init,
    },
    {
        .group = "",
        .name = "migrate",
        .operands = "",
        .doc = "Bring the database to this program's schema.",
        .about =
            "Makes a SQLite file that does not exist. Safe to run twice, and by two processes\n"
            "at once. Refuses a schema that is newer than the program (PJ302). --sql prints SQL "
            "and\n"
            "takes no --json.",
        .json = "{\"database\", \"from\", \"to\", \"dry_run\"}",
        .example = "plain migrate --sql",
        .options = migrate_options,
        .run = cmd_migrate,
    },
    {
        .group = "",
        .name = "build",
        .operands = "",
        .doc = "Compile app/jobs.c and app/*/jobs.c to job modules.",
        .about = "Runs ${CC:-cc} with CPPFLAGS, CFLAGS and LDFLAGS of the environment, without a "
                 "shell.\n"
                 "Modules are replaced when all were built. Exit code 1 when the compiler refuses.",
        .example = "CFLAGS=-Wextra plain build",
        .run = cmd_build,
    },
    {
        .group = "",
        .name = "dev",
        .operands = "",
        .doc = "Run what development needs, under one Ctrl-C.",
        .about = "Runs the lines NAME = \"command\" of the section dev { ... } of plain.conf; "
                 "without one,\n"
                 "`plain jobs worker --reload` and `plain admin`. Each line that they print stands "
                 "behind\n"
                 "the name. `plain` in a command is this very program; no shell is used. What ends "
                 "with an\n"
                 "error is started again, at most every 30 s. Ctrl-C or SIGTERM ends all; what is "
                 "left after\n"
                 "JOBS_SHUTDOWN_GRACE and 5 s more (30 s when it is 0), or at the third Ctrl-C, is "
                 "killed.",
        .example = "plain dev",
        .run = cmd_dev,
    },
    {
        .group = "",
        .name = "admin",
        .operands = "",
        .doc = "Serve pages that show the queue to a browser on this machine.",
        .about =
            "The address stands on stdout. The pages show figures, requests, processes, results,\n"
            "queues, workers and single jobs, and change nothing; they need no script. There is "
            "no\n"
            "login, so only addresses of this machine are listened on (from elsewhere: `ssh -L`), "
            "and\n"
            "what comes through a proxy is refused. Without --listen another port is taken when "
            "8642 is\n"
            "in use. Ctrl-C or SIGTERM ends it, with exit code 0.",
        .json = "{\"url\"}",
        .example = "plain admin --listen 127.0.0.1:8080",
        .options = admin_options,
        .run = cmd_admin,
    },
    {
        .group = "",
        .name = "config",
        .operands = "[NAME]",
        .most = 1,
        .doc = "Show settings, and where each value came from.",
        .about = "Flags beat the environment, which beats .env, plain.conf and the default, in "
                 "this order.\n"
                 "A password in a URL is shown as ***.",
        .json = "{\"settings\": [{\"name\", \"value\", \"source\", \"doc\"}]}",
        .example = "plain config DATABASE_URL",
        .run = cmd_config,
    },
    {
        .group = "",
        .name = "completion",
        .operands = "SHELL",
        .least = 1,
        .most = SIZE_MAX,
        .doc = "Print the completion script for a shell.",
        .about = "SHELL is bash, zsh or fish.\n"
                 "bash: add `source <(plain completion bash)` to ~/.bashrc.\n"
                 "zsh: the same with zsh in ~/.zshrc, behind compinit.\n"
                 "fish: plain completion fish > ~/.config/fish/completions/plain.fish\n"
                 "The script asks `plain completion candidates -- WORD...`, which knows every "
                 "command.",
        .example = "plain completion bash",
        .run = cmd_completion,
    },
    {
        .group = "",
        .name = "help",
        .operands = "[TOPIC|CODE]",
        .most = 2,
        .doc = "Explain a command, a topic or an error code.",
        .about = "Topics: commands, settings, errors, exit-codes, databases.",
        .json = "{\"text\"}, as of every --help",
        .example = "plain help PJ302",
        .options = help_options,
        .run = cmd_help,
    },
    {
        .group = "",
        .name = "version",
        .operands = "",
        .doc = "Print the version.",
        .json = "{\"version\"}",
        .example = "plain version",
        .run = cmd_version,
    },
    {
        .group = "jobs",
        .name = "worker",
        .operands = "",
        .doc = "Run jobs until stopped.",
        .about =
            "SIGTERM or Ctrl-C: unstarted jobs go back to the queue, running ones finish; a second "
            "one\n"
            "stops those too: one with retries goes back, one without is LOST. A SQLite database "
            "that\n"
            "does not exist is made.\n"
            "\n"
            "--queue 'mail*' is every queue whose name begins with mail, '*' every queue, also "
            "those that\n"
            "come later. Quote it, or the shell puts the names of files there.\n"
            "\n"
            "With --reload it watches *.c, *.h, *.so and *.conf in this folder and below, .env* "
            "and\n"
            "jobs.d. When sources changed it runs JOBS_BUILD_COMMAND; then a new worker takes "
            "over, and\n"
            "jobs that run finish in the old one. When the build fails the old one goes on.",
        .example = "plain jobs worker --queue default --queue mail",
        .options = worker_options,
        .run = cmd_worker,
    },
    {
        .group = "jobs",
        .name = "enqueue",
        .operands = "CLASS [name=value]...",
        .least = 1,
        .most = SIZE_MAX,
        .doc = "Enqueue a job and print its uuid.",
        .about =
            "Parameters are checked against the class; nothing is written when one is wrong. Exit "
            "code\n"
            "6 when the concurrency key is held: stderr says by which job.\n"
            "\n"
            "With --from each line is an object, of which all may be left out: {\"params\": "
            "{...},\n"
            "\"queue\", \"delay\", \"start_at\", \"priority\", \"retries\", \"key\", "
            "\"timeout\", \"uuid\"}. A\n"
            "uuid stands in one line only. An option is for the lines that do not say otherwise. "
            "It prints a\n"
            "uuid for each line, or `skipped`.\n"
            "One bad line, and nothing is written; with --partial the others are, 5,000 at a time, "
            "and the\n"
            "exit code is 1. Exit code 6 when all were skipped.",
        .json = "{\"requests\": [\"uuid\"], \"skipped\": null or {\"holder\", \"state\", "
                "\"age_ms\"}};\n"
                "with --from a line that was skipped is null, and the first holder is told",
        .example = "plain jobs enqueue WelcomeUserJob user_id=42 --delay 5m",
        .options = enqueue_options,
        .run = cmd_enqueue,
    },
    {
        .group = "jobs",
        .name = "run",
        .operands = "CLASS [name=value]...",
        .least = 1,
        .most = SIZE_MAX,
        .doc = "Run a job here and now.",
        .about = "In this process, without a worker, a database or what goes with them: queue, "
                 "key, retries,\n"
                 "timeout, limits. Exit code 1 when the job fails.",
        .example = "plain jobs run WelcomeUserJob user_id=42",
        .options = run_options,
        .run = cmd_run,
    },
    {
        .group = "jobs",
        .name = "list",
        .operands = "",
        .doc = "List the job classes and executables.",
        .about = "On a terminal, and with --json, with their queue, retries and parameters; else a "
                 "line for each:\n"
                 "its name and what it says of itself.",
        .json =
            "{\"jobs\": [{\"name\", \"doc\", \"origin\", \"executable\", \"queue\", "
            "\"priority\", \"retries\",\n"
            " \"parameters\": [{\"name\", \"type\", \"optional\", \"default\"}], \"aliases\"}]};\n"
            "parameters is null for an executable without a section, which takes any",
        .example = "plain jobs list",
        .run = cmd_list,
    },
    {
        .group = "jobs",
        .name = "stats",
        .operands = "",
        .doc = "Count what is pending, processing and done.",
        .about =
            "Results are those that are stored. On a terminal, and with --json, also by queue, "
            "and what\n"
            "ended in the last hour and day, stored or not, and which jobs no worker takes "
            "(PJ204).\n"
            "Counting pending and processing jobs stops at 1,000,000, and in a queue at 10,000: "
            "there may be\n"
            "more then. Of the queues the first 100 by name are shown.",
        .json = "{\"pending\", \"processing\", \"successful\", \"errored\", \"lost\", "
                "\"deferred\", \"cancelled\",\n"
                " \"at_least\": whether there may be more pending or processing,\n"
                " \"last_hour\": {\"successful\", ...}, \"last_day\": {\"successful\", ...},\n"
                " \"queues\": [{\"queue\", \"pending\", \"processing\", \"at_least\", "
                "\"due_at\"}], due_at being the\n"
                "earliest of what is pending there, or null, \"warnings\": [{\"code\", \"queue\", "
                "\"job_class\", \"count\",\n"
                "\"due_at\", \"source\", \"message\", \"fix\"}]}",
        .example = "plain jobs stats --json",
        .run = cmd_stats,
    },
    {
        .group = "jobs",
        .name = "requests",
        .operands = "",
        .doc = "List pending jobs, newest first.",
        .json = "{\"requests\": [row]}; see `plain jobs show`",
        .example = "plain jobs requests --queue mail",
        .options = rows_options,
        .run = cmd_requests,
    },
    {
        .group = "jobs",
        .name = "processes",
        .operands = "",
        .doc = "List claimed jobs, newest first.",
        .json = "{\"processes\": [row]}; see `plain jobs show`",
        .example = "plain jobs processes",
        .options = rows_options,
        .run = cmd_processes,
    },
    {
        .group = "jobs",
        .name = "results",
        .operands = "",
        .doc = "List ended attempts, newest first.",
        .json = "{\"results\": [row]}; see `plain jobs show`",
        .example = "plain jobs results --status errored --limit 10",
        .options = results_options,
        .run = cmd_results,
    },
    {
        .group = "jobs",
        .name = "show",
        .operands = "UUID",
        .least = 1,
        .most = 1,
        .doc = "Show the whole life of a job.",
        .about = "UUID is that of a request, or of an attempt.",
        .json = "{\"uuid\", \"job_class\", \"status\", \"attempts\": [row]}; a row has \"status\" "
                "(PENDING,\n"
                "PROCESSING or that of the result), \"request_uuid\", \"process_uuid\", "
                "\"root_uuid\", \"retry_of\",\n"
                "\"retry_request_uuid\", \"job_class\", \"parameters\", \"queue\", \"priority\", "
                "\"retries\",\n"
                "\"retry_attempt\", \"run\", \"crash_count\", \"concurrency_key\", \"source\", the "
                "times\n"
                "\"requested_at\", \"start_at\", \"claimed_at\", \"started_at\", \"cancel_at\", "
                "\"ended_at\",\n"
                "\"cancel_by\", \"error\", \"error_type\",\n"
                "\"error_message\", \"error_fingerprint\", \"exit_code\", \"exit_signal\", "
                "\"worker_id\",\n"
                "\"worker_host\", \"worker_pid\", \"runner_pid\", \"cpu_us\", \"max_rss_kb\", "
                "\"output\"; what\ndoes not apply is null",
        .example = "plain jobs show 0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192",
        .run = cmd_show,
    },
    {
        .group = "jobs",
        .name = "why",
        .operands = "UUID",
        .least = 1,
        .most = 1,
        .doc = "Say why a job is not running.",
        .about =
            "Paused, not due, nobody works for its queue, nobody has its class, all that could run "
            "it are\n"
            "busy, or so many are ahead of it; and which concurrency key it holds meanwhile.\n"
            "UUID is that of a request, or of an attempt. Exit code 1 when somebody has to do "
            "something\n"
            "for it to run, and then it says what; 3 when there is no such job.",
        .json = "{\"uuid\", \"status\", \"queue\", \"job_class\", \"due_at\", \"ahead\",\n"
                " \"reasons\": [{\"reason\", \"message\", \"fix\"}]}; a reason is queue_paused, "
                "class_paused,\n"
                "no_worker, queue_unserved, class_unserved, not_due, limit, ahead, next, key, "
                "processing,\n"
                "cancelling or ended",
        .example = "plain jobs why 0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192",
        .run = cmd_why,
    },
    {
        .group = "jobs",
        .name = "retry",
        .operands = "UUID",
        .least = 1,
        .most = 1,
        .doc = "Enqueue an ended job again and print the new uuid.",
        .about = "UUID is that of an attempt, or of a request, whose last attempt is then meant. "
                 "Refused\n"
                 "(PJ503, exit code 7) while the job is pending or running, or when it was "
                 "continued before\n"
                 "by a request that is still there, or whose result is.",
        .json = "{\"request\": \"uuid\", \"skipped\": as for enqueue}",
        .example = "plain jobs retry 0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192",
        .run = cmd_retry,
    },
    {
        .group = "jobs",
        .name = "cancel",
        .operands = "UUID...",
        .least = 1,
        .most = SIZE_MAX,
        .doc = "Cancel jobs, pending or running.",
        .about =
            "UUID is that of a request or of an attempt. A pending job is CANCELLED at once. A "
            "running one\n"
            "is STOPPING: it is asked to end, then stopped, within twice JOBS_STOP_GRACE, on "
            "whatever\n"
            "host; its end is then CANCELLED. Neither is retried. A job that had ended is "
            "refused (PJ506,\n"
            "exit code 7), and the others are cancelled all the same.",
        .json = "{\"jobs\": [{\"uuid\", \"state\": \"CANCELLED\" or \"STOPPING\"}]}",
        .example = "plain jobs cancel 0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192",
        .run = cmd_cancel,
    },
    {
        .group = "jobs",
        .name = "delete",
        .operands = "UUID...",
        .least = 1,
        .most = SIZE_MAX,
        .doc = "Delete jobs, or results.",
        .about =
            "UUID of an attempt that has ended: its result goes, and nothing else of the job. Any "
            "other\n"
            "UUID is the job's: one that is pending goes, with the results of its attempts, and "
            "its "
            "key\n"
            "is free; one that has ended goes; a running one is STOPPING, as by `plain jobs "
            "cancel`, and\n"
            "its CANCELLED result stays. What is not there (any more) is PJ502, exit code 3, and "
            "the others\n"
            "are deleted all the same. To end a job and keep a result that says so, cancel it.",
        .json = "{\"jobs\": [{\"uuid\", \"state\": \"DELETED\" or \"STOPPING\"}]}",
        .example = "plain jobs delete 0192f3c4-7f3a-7c9e-8000-1c9e7f3a0192",
        .run = cmd_delete,
    },
    {
        .group = "jobs",
        .name = "queues",
        .operands = "",
        .doc = "Show the queues: what waits, what is paused, who works.",
        .about =
            "Of the queues with jobs the first 100 by name are shown; others that are paused or "
            "that a worker works for\n"
            "are shown with ? then, null in JSON: whether they hold jobs is not known. WORKERS are "
            "those that live and\n"
            "would take a job. Counting stops at 10,000 in a queue: there may be more then.",
        .json = "{\"queues\": [{\"queue\", \"pending\", \"processing\", \"at_least\": whether "
                "there may be\n"
                " more than these, \"due_at\", \"workers\",\n"
                " \"paused\": null or {\"name\", \"at\", \"by\", \"reason\"}}],\n"
                " \"cut\": whether only the first 100 queues are there,\n"
                " \"paused_classes\": [{\"name\", \"at\", \"by\", \"reason\"}], "
                "\"paused_patterns\": [...]}",
        .example = "plain jobs queues",
        .run = cmd_queues,
    },
    {
        .group = "jobs",
        .name = "pause",
        .operands = "[QUEUE|CLASS]",
        .most = 1,
        .doc = "Start no more jobs of a queue or a class.",
        .about =
            "From then on no worker claims one, until it is resumed; they can be enqueued all the "
            "same.\n"
            "What a worker had claimed before is not touched: it runs to its end. A name that is "
            "both a\n"
            "queue and a class, or neither, needs --queue or --class. 'mail*' pauses every queue "
            "whose\n"
            "name begins with mail, also those that come later. Pausing again takes the new "
            "reason.",
        .json = "{\"kind\": \"queue\" or \"class\", \"name\", \"changed\"}",
        .example = "plain jobs pause mail --reason 'SES is down'",
        .options = pause_options,
        .run = cmd_pause,
    },
    {
        .group = "jobs",
        .name = "resume",
        .operands = "[QUEUE|CLASS]",
        .most = 1,
        .doc = "Start the jobs of a paused queue or class again.",
        .json = "{\"kind\": \"queue\" or \"class\", \"name\", \"changed\"}",
        .example = "plain jobs resume mail",
        .options = resume_options,
        .run = cmd_resume,
    },
    {
        .group = "jobs",
        .name = "workers",
        .operands = "",
        .doc = "Show the workers.",
        .about =
            "A worker is live, quiet, stopping, or stale: not heard of for longer than its "
            "lease, or\n"
            "killed on this host. The jobs of such a one are rescued by any worker that lives.",
        .json = "{\"workers\": [{\"worker_id\", \"host\", \"pid\", \"queues\", \"classes\", "
                "\"capacity\", \"running\",\n"
                " \"started_at\", \"last_heartbeat_at\", \"lease_ms\", \"version\", "
                "\"state\"}]}",
        .example = "plain jobs workers",
        .run = cmd_workers,
    },
    {
        .group = "jobs",
        .name = "quiet",
        .operands = "WORKER",
        .least = 1,
        .most = 1,
        .doc = "Ask a worker to finish what it has and take no more.",
        .about = "It is given no job from now on, and gives back what it had not started within a "
                 "second, on\n"
                 "whatever host (behind a connection pooler with its next heartbeat, "
                 "JOBS_HEARTBEAT_INTERVAL). It\n"
                 "stays until it is stopped; there is no way back. WORKER is the id of `plain jobs "
                 "workers`, the\n"
                 "beginning or the end of it, or host:pid.",
        .json = "{\"worker_id\", \"asked\": \"quiet\"}",
        .example = "plain jobs quiet job1:8841",
        .run = cmd_quiet,
    },
    {
        .group = "jobs",
        .name = "stop",
        .operands = "WORKER",
        .least = 1,
        .most = 1,
        .doc = "Ask a worker to stop, as SIGTERM does.",
        .about =
            "It is given no job from now on, and stops within a second, on whatever host (behind "
            "a\n"
            "connection pooler with its next heartbeat, JOBS_HEARTBEAT_INTERVAL): what it had not "
            "started\n"
            "goes back to the queue, what runs finishes. WORKER is the id of `plain jobs workers`, "
            "the\n"
            "beginning or the end of it, or host:pid.",
        .json = "{\"worker_id\", \"asked\": \"stop\"}",
        .example = "plain jobs stop job1:8841",
        .run = cmd_stop,
    },
    {
        .group = "jobs",
        .name = "schedule",
        .operands = "[run|pause|resume NAME]",
        .most = 2,
        .doc = "List what runs when; run, pause or resume a schedule.",
        .about =
            "Schedules are those of classes, of schedule NAME { ... } in plain.conf and of "
            "JOBS_SCHEDULE.\n"
            "STATE is active, paused, new (no worker has told it yet), changed (workers run "
            "another\n"
            "definition), elsewhere (only other workers have it), removed (the worker that started "
            "last does\n"
            "not have it) or refused, with the reason under WHEN.\n"
            "run enqueues its job now, beside its slots. While it is paused its slots are skipped, "
            "and\n"
            "resuming fills none of them.",
        .json = "{\"schedules\": [{\"name\", \"state\", \"origin\", \"job_class\", \"cron\", "
                "\"words\",\n"
                " \"timezone\", \"next\", \"error\", \"pj\", \"last_slot\", \"last_status\", "
                "\"last_reason\",\n"
                " \"last_request\", \"running\", \"last_result\", \"last_result_at\", "
                "\"paused_at\",\n"
                " \"paused_by\", \"pause_reason\"}]}, or {\"name\", \"action\", \"changed\", "
                "\"request\",\n"
                " \"skipped\": as for enqueue}",
        .example = "plain jobs schedule",
        .options = schedule_options,
        .run = cmd_schedule,
    },
    {
        .group = "jobs",
        .name = "clear",
        .operands = "",
        .doc = "Delete old results.",
        .about = "Those that were recorded longer ago than JOBS_RESULTS_RETENTION (7 days; 0 keeps "
                 "them\n"
                 "for ever) or --older-than, oldest first, at most 500 in a transaction. Workers "
                 "do it by "
                 "themselves.",
        .json = "{\"before\": \"time\" or null, \"deleted\"}",
        .example = "plain jobs clear --older-than 36h",
        .options = clear_options,
        .run = cmd_clear,
    },
    {
        .group = "jobs",
        .name = "purge",
        .operands = "",
        .doc = "Delete all pending jobs, and stop those that run.",
        .about = "In all queues. Asks first, unless --yes is given; without a terminal it needs "
                 "--yes (PJ504,\n"
                 "exit code 7). Running jobs are stopped by their workers, and recorded as "
                 "CANCELLED.",
        .json = "{\"requests\", \"jobs\"}",
        .example = "plain jobs purge --yes",
        .run = cmd_purge,
    },
    {
        .group = "jobs",
        .name = "audit",
        .operands = "[UUID]",
        .most = 1,
        .doc = "Show who did what, newest first.",
        .about =
            "Who paused, resumed, retried, cancelled, deleted, cleared, purged and ran a schedule "
            "by "
            "hand,\n"
            "and asked which worker to be quiet or to stop: written with the change itself. WHO is "
            "cli(user@host)\n"
            "of a command, else what the program said. With UUID only what was done to this job "
            "(its "
            "first\n"
            "request; an ended attempt that was deleted stands under its own) or worker.",
        .json = "{\"audit\": [{\"id\", \"at\", \"actor\", \"action\", \"target\", "
                "\"uuid\", \"detail\", \"count\"}]};\n"
                "an action is queue.pause, queue.resume, class.pause, class.resume, job.retry, "
                "job.cancel,\n"
                "job.delete, worker.quiet, worker.stop, schedule.pause, schedule.resume, "
                "schedule.run, clear\n"
                "or purge",
        .example = "plain jobs audit --limit 10",
        .options = audit_options,
        .run = cmd_audit,
    },
    {
        .group = "jobs",
        .name = "verify",
        .operands = "",
        .doc = "Check that the tables keep what the queue guarantees.",
        .about =
            "Every attempt has one end, a failed one at most one successor, a key one holder; the "
            "counters\n"
            "are right. Reads one snapshot and writes nothing, also while workers work. Exit code "
            "1 when\n"
            "something is wrong. At most 100 findings of a kind are told.",
        .json =
            "{\"sound\", \"findings\": [{\"check\", \"message\", \"uuid\", \"job_class\"}]}; "
            "of a counter\n"
            "\"status\", \"counted\" and \"stored\" instead of a class. A check is ended_twice, "
            "two_states,\n"
            "successor_gone, no_successor, wrong_link, key_leaked, key_not_held, orphan, times or "
            "counter",
        .example = "plain jobs verify",
        .run = cmd_verify,
    },
    {
        .group = "jobs",
        .name = "bench",
        .operands = "",
        .doc = "Measure enqueueing, draining, pick-up and the death of a runner.",
        .about =
            "On the database that it is given, in a schema plainjobs_bench_... or, on SQLite, a "
            "file of\n"
            "that name beside it; no table of the application is touched, and none has to be "
            "there. What\n"
            "it makes is deleted at the end, also after an error, Ctrl-C or SIGTERM. The user "
            "needs the\n"
            "right to make a schema. Takes 10 to 20 s.\n"
            "\n"
            "Enqueue: jobs that do nothing, up to 100000 in a call. Drain: a worker runs them, "
            "from when\n"
            "it is ready until it has ended. Pick-up: one at a time to an idle worker, from the "
            "call of\n"
            "enqueue to the job's first line. Lost: from the SIGKILL of a runner in a job until "
            "its LOST\n"
            "result can be read. Settings of workers are those of `plain config`.",
        .json = "{\"version\", \"database\": {\"server\", ...}, \"cpus\", \"runners\", \"jobs\",\n"
                " \"enqueue\": {\"count\", \"us\", \"per_second\"},\n"
                " \"drain\": {\"count\", \"us\", \"per_second\", \"start_us\"},\n"
                " \"pickup\", \"lost\": {\"count\", \"p50_us\", \"p90_us\", \"p99_us\", "
                "\"max_us\"}};\n"
                "start_us: from the start of the worker until it was ready, not part of us",
        .example = "plain jobs bench --jobs 20000",
        .options = bench_options,
        .run = cmd_bench,
    },
    {
        .group = "jobs",
        .name = "next",
        .operands = "EXPR",
        .least = 1,
        .most = 1,
        .doc = "Say when a cron schedule is due next.",
        .about =
            "Needs no database. With - as EXPR it reads lines of EXPR, TIME, ZONE and POLICY, "
            "separated\n"
            "by tabs, of which the last three may be left out, and writes one line for each: the\n"
            "answer, or ERROR and the reason, at once; --json and --count do not go with it.",
        .json = "{\"next\": [\"time\"]}",
        .example = "plain jobs next --timezone Europe/Berlin '30 2 * * MON-FRI'",
        .options = next_options,
        .run = cmd_next,
    },
};

const struct option_table command_table = {
    .globals = globals,
    .commands = commands,
    .command_count = ARRAY_SIZE(commands),
};
