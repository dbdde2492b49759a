/*
 * settings.h - one table of settings, and where each value came from
 *
 * NAME is read from the environment as PLAIN_NAME (DATABASE_URL as itself), from .env alike, and as
 * its lower-case name in the `jobs` section of plain.conf (libconfuse). Flags beat the environment,
 * that beats .env, that beats the file, that beats the default. Durations are seconds; 300ms, 5m,
 * 7d too. Sizes are bytes; 512K, 256M, 2G too. Lists are JSON arrays of strings in the environment,
 * {"a", "b"} in the file. A byte order mark at the beginning of a file is passed over.
 *
 *     jobs {
 *         jobs_worker_max_processes = 4
 *         jobs_modules = {"app/jobs.so"}
 *     }
 *
 * Errors: PLAIN_E_INVALID, PJ202 with the setting's name, where it stands and what it takes; an
 * unknown PLAIN_JOBS_... name or an unknown name in the file is an error with the nearest name.
 * PJ203 for a file that cannot be read or that others may write.
 */
#ifndef PLAIN_CORE_SETTINGS_H
#define PLAIN_CORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"
#include "core/section.h"

enum setting_type {
    SETTING_TEXT,
    SETTING_INT,
    SETTING_DURATION,
    SETTING_SIZE,
    SETTING_LIST,
    SETTING_CHOICE
};

/* X(id, type, default as text ("" is unset), minimum, maximum, choices, doc) */
#define SETTING_MAP(X)                                                                             \
    X(DATABASE_URL, TEXT, "sqlite:plain.db", 0, 0, "", "Database of the queue")                    \
    X(JOBS_MODULES, LIST, "", 0, 0, "", "Job modules beside app/jobs.so and app/*/jobs.so")        \
    X(JOBS_BUILD_COMMAND, LIST, "[\"plain\", \"build\"]", 0, 0, "",                                \
      "Command and words by which a worker with --reload builds modules; []: none")                \
    X(JOBS_WORKER_MAX_PROCESSES, INT, "", 1, 1024, "",                                             \
      "Runners of a worker; unset: the CPUs that its cgroup allows")                               \
    X(JOBS_WORKER_MAX_JOBS_PER_PROCESS, INT, "", 1, INT32_MAX, "",                                 \
      "Jobs after which a runner is replaced; unset: never")                                       \
    X(JOBS_WORKER_MAX_RSS, SIZE, "0", 0, INT64_MAX, "",                                            \
      "Memory beyond which a runner is replaced after its job; 0: never")                          \
    X(JOBS_WORKER_MAX_PENDING_PER_PROCESS, INT, "", 0, 1000, "",                                   \
      "Claimed and unstarted jobs per runner at most; unset: automatic")                           \
    X(JOBS_WORKER_STATS_EVERY, DURATION, "60", 0, 86400, "",                                       \
      "Seconds between the worker's lines of figures; 0: none")                                    \
    X(JOBS_HEARTBEAT_INTERVAL, DURATION, "10", 0, 3600, "",                                        \
      "Time between a worker's heartbeats, at least 10ms")                                         \
    X(JOBS_HEARTBEAT_TIMEOUT, DURATION, "60", 0, 86400, "",                                        \
      "Time without a heartbeat after which a worker is dead, at least 3 intervals")               \
    X(JOBS_MAX_CRASHES, INT, "3", 1, 1000, "",                                                     \
      "Deaths of its process after which a job is not retried")                                    \
    X(JOBS_START_AHEAD_MS, INT, "10", 0, 1000, "",                                                 \
      "Milliseconds of very short jobs that a runner is given ahead; 0: never")                    \
    X(JOBS_MIDDLEWARE, LIST, "[\"AppLoggerMiddleware\"]", 0, 0, "",                                \
      "What stands around every job, the outermost first")                                         \
    X(JOBS_TIMEOUT, DURATION, "86400", 0, INT64_C(3153600000), "",                                 \
      "Run time after which any job is stopped and recorded as LOST; 0: none")                     \
    X(JOBS_STOP_GRACE, DURATION, "5", 0, 86400, "",                                                \
      "What a job that is to stop has left: once after it is asked, once after SIGTERM")           \
    X(JOBS_SHUTDOWN_GRACE, DURATION, "0", 0, INT64_C(3153600000), "",                              \
      "How long running jobs, and a database that is away, are waited for after SIGTERM to the "   \
      "worker; 0: as long as it takes")                                                            \
    X(JOBS_RESULTS_RETENTION, DURATION, "604800", 0, INT64_C(3153600000), "",                      \
      "Age at which workers and `plain jobs clear` delete results; 0: never")                      \
    X(JOBS_SCHEDULE, TEXT, "", 0, 0, "",                                                           \
      "Schedules as JSON: [[\"JobClass\", \"0 9 * * *\"], [\"cmd:./script\", \"@daily\"]]")        \
    X(TIME_ZONE, TEXT, "UTC", 0, 0, "", "Time zone of schedules that name none")                   \
    X(LOG_FORMAT, CHOICE, "keyvalue", 0, 0, "keyvalue|json", "Form of log lines")                  \
    X(LOG_LEVEL, CHOICE, "INFO", 0, 0, "DEBUG|INFO|WARNING|ERROR", "Least level that is logged")

enum setting_id {
#define SETTING_ENUM(id, type, def, min, max, choices, doc) SETTING_##id,
    SETTING_MAP(SETTING_ENUM)
#undef SETTING_ENUM
        SETTING_COUNT
};

struct setting {
    const char *name;
    enum setting_type type;
    const char *fallback;
    int64_t min, max; /* of an INT, and of a DURATION in seconds */
    const char *choices;
    const char *doc;
};
extern const struct setting settings_table[SETTING_COUNT];

struct settings;

/* Reads plain.conf and .env of the current folder and the environment. config: another file instead
 * of plain.conf, which then must exist. */
int settings_load(const char *config, struct settings **out, plain_error *err) PLAIN_MUST_USE;
void settings_free(struct settings *s);

/* A flag of the command line: beats all. source is the flag's name, "--max-processes". */
int settings_override(struct settings *s, enum setting_id id, const char *text, const char *source,
                      plain_error *err) PLAIN_MUST_USE;

bool settings_is_set(const struct settings *s, enum setting_id id);      /* has any value */
const char *settings_text(const struct settings *s, enum setting_id id); /* "" when unset */
int64_t settings_int(const struct settings *s, enum setting_id id);      /* 0 when unset */
int64_t settings_size(const struct settings *s, enum setting_id id);     /* bytes */
int64_t settings_duration_ms(const struct settings *s, enum setting_id id);
const char *const *settings_list(const struct settings *s, enum setting_id id, size_t *count);

/* The sections `job NAME { ... }` or `schedule NAME { ... }` of the file, as section.h has them;
 * "[]" for none. What they say is checked where they are used. */
const char *settings_sections(const struct settings *s, enum section_id id);

/* The lines of the file's section `dev`, in their order. */
struct dev_line {
    const char *name;    /* [A-Za-z0-9_.-], at most 32 */
    const char *command; /* see command_words.h */
    const char *place;   /* "plain.conf:3" */
};
const struct dev_line *settings_dev_lines(const struct settings *s, size_t *count);

/* For `plain config`: the value as text (a list as JSON) and where it came from: "default",
 * "plain.conf", ".env", "environment PLAIN_JOBS_MODULES", "--max-processes". */
const char *settings_value(const struct settings *s, enum setting_id id);
const char *settings_source(const struct settings *s, enum setting_id id);

#endif
