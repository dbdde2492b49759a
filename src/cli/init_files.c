#include "cli/init_files.h"

#include "base/compiler.h"

/* The text of each is its own explanation: it is the first thing of us that somebody reads. */

static const char jobs_c[] =
    "/* The jobs of this application. `plain build` makes app/jobs.so of them. */\n"
    "#include <stdio.h>\n"
    "\n"
    "#include <plain/jobs.h>\n"
    "\n"
    "struct welcome {\n"
    "    const char *name;\n"
    "    const char *locale; /* optional, may be NULL */\n"
    "};\n"
    "\n"
    "static int welcome_run(plain_job *job, const void *params)\n"
    "{\n"
    "    const struct welcome *self = params;\n"
    "\n"
    "    if (self->name[0] == '\\0')\n"
    "        return plain_job_fail(job, \"NoName\", \"whom shall I welcome?\");\n"
    "    printf(\"Welcome, %s (%s)!\\n\", self->name, self->locale ? self->locale : \"en\");\n"
    "    fflush(stdout);\n"
    "    return PLAIN_OK;\n"
    "}\n"
    "\n"
    "static const plain_param welcome_params[] = {\n"
    "    PLAIN_PARAM(struct welcome, name, 0),\n"
    "    PLAIN_PARAM(struct welcome, locale, PLAIN_OPTIONAL),\n"
    "    PLAIN_PARAMS_END,\n"
    "};\n"
    "\n"
    "const plain_job_class WelcomeJob = {\n"
    "    PLAIN_JOB_CLASS(struct welcome),\n"
    "    .name = \"WelcomeJob\",\n"
    "    .doc = \"Welcome somebody.\",\n"
    "    .params = welcome_params,\n"
    "    .default_retries = 3,\n"
    "    .run = welcome_run,\n"
    "};\n"
    "\n"
    "PLAIN_REGISTER_JOBS(&WelcomeJob);\n";

static const char hello[] =
    "#!/bin/sh\n"
    "# Say hello to somebody.\n"
    "#\n"
    "# Any executable here is a job. Its parameters come as JSON on stdin and as variables;\n"
    "# exit 0 is success, 75 \"again later\", anything else a failure.\n"
    "echo \"hello, ${PLAIN_ARG_NAME:-whoever you are}; this is attempt $PLAIN_JOB_ATTEMPT\"\n";

static const char plain_conf[] =
    "# Settings; `plain help settings` says what there is. .env and the environment beat them.\n"
    "jobs {\n"
    "    # Without this the database is the SQLite file plain.db of this folder.\n"
    "    # database_url = \"postgresql://app@localhost/app\"\n"
    "    jobs_worker_max_processes = 2\n"
    "}\n"
    "\n"
    "# What a class in C says for itself is said here for an executable of jobs.d.\n"
    "job hello {\n"
    "    params  = {\"name:string\"}\n"
    "    retries = 1\n"
    "}\n"
    "\n"
    "# What `plain dev` runs.\n"
    "dev {\n"
    "    worker = \"plain jobs worker --reload\"\n"
    "    admin  = \"plain admin\"\n"
    "    # web  = \"./app --port 8000\"\n"
    "}\n";

static const char env_example[] =
    "# Copy this to .env, which is not for the repository, and which nobody but you may write.\n"
    "# Variables of the environment beat it, and it beats plain.conf.\n"
    "#DATABASE_URL=postgresql://app:secret@localhost/app\n"
    "#PLAIN_LOG_LEVEL=DEBUG\n";

static const char gitignore[] = "*.so\n"
                                ".jobs.so.*\n"
                                "*.o\n"
                                "plain.db*\n"
                                ".env\n"
                                ".plain/\n";

static const char makefile[] = ".PHONY: build dev\n"
                               "\n"
                               "build: ## the job modules\n"
                               "\tplain build\n"
                               "\tplain migrate\n"
                               "\n"
                               "dev: build ## what plain.conf lists, under one Ctrl-C\n"
                               "\tplain dev\n";

static const char readme[] =
    "# Jobs\n"
    "\n"
    "| | |\n"
    "| --- | --- |\n"
    "| `app/jobs.c` | jobs in C |\n"
    "| `jobs.d/` | jobs that are programs in any language |\n"
    "| `plain.conf` | settings, and what `plain dev` runs |\n"
    "| `.env.example` | settings of one machine, to be copied to `.env` |\n"
    "\n"
    "`plain build` compiles the jobs, `plain migrate` makes the tables, and `plain dev` runs a\n"
    "worker that builds and starts anew when something changes, and pages that show what is\n"
    "there. Then, from another terminal:\n"
    "\n"
    "```sh\n"
    "plain jobs enqueue WelcomeJob name=Ada\n"
    "plain jobs enqueue hello name=Ada\n"
    "plain jobs results\n"
    "```\n"
    "\n"
    "`plain help` lists the rest.\n";

const struct init_file init_files[] = {
    {"app/jobs.c", 0644, jobs_c},     {"jobs.d/hello", 0755, hello},
    {"plain.conf", 0644, plain_conf}, {".env.example", 0644, env_example},
    {".gitignore", 0644, gitignore},  {"Makefile", 0644, makefile},
    {"README.md", 0644, readme},
};
const size_t init_file_count = ARRAY_SIZE(init_files);

const char *const init_commands[] = {
    "plain build",
    "plain migrate",
    "plain jobs enqueue WelcomeJob name=Ada",
    "plain jobs enqueue hello name=Ada",
    "plain jobs worker --drain",
    "plain jobs results",
    NULL,
};
