/*
 * schedules.h - the schedules of a process: from plain.conf, from JOBS_SCHEDULE, from its classes
 *
 *     schedule cleanup {
 *         command  = {"./scripts/cleanup", "--all"}    (or job = "CleanupJob")
 *         cron     = "30 2 * * *"
 *         timezone = "Europe/Berlin"
 *     }
 *     jobs_schedule = '[["DailyReportJob", "0 9 * * *"], ["cmd:./scripts/cleanup", "@daily"]]'
 *
 * A schedule of a class bears the class's name. In JOBS_SCHEDULE a command bears the name of its
 * program, "cmd:cleanup"; a second entry that would have a name of the list again has a hash of
 * its words behind it. The name is all that the database ever holds of a command: which one is run
 * stands in the settings of the worker that runs it.
 *
 * A schedule that cannot be is kept with its error, so that it can be told and stops no other.
 */
#ifndef PLAIN_QUEUE_SCHEDULES_H
#define PLAIN_QUEUE_SCHEDULES_H

#include <plain/jobs/queue.h>
#include <plain/jobs/schedule.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "core/registry.h"
#include "core/section.h"

/* Where they come from, as the settings have it. */
struct schedule_sources {
    const char *sections; /* settings_sections(): JSON */
    const char *setting;  /* JOBS_SCHEDULE; "" for none */
    const char *timezone; /* TIME_ZONE */
};

enum { SCHEDULE_HASH_SIZE = 17, SCHEDULE_MISSED_MAX = 100, SCHEDULE_MISSED_MOST = 10000 };

struct schedule {
    const char *name;
    const char *origin; /* "plain.conf:4", "JOBS_SCHEDULE", "app/jobs.so" */
    const char *cron, *timezone;
    plain_schedule when;
    int dst;
    const struct job_entry *entry;
    const char *parameters; /* a JSON object; NULL: none */
    const char *queue;      /* NULL: the job's own */
    plain_opt_int priority, retries;
    int missed, missed_max, overlap;
    char hash[SCHEDULE_HASH_SIZE]; /* of all of it */
    bool is_bad;
    plain_error error; /* of a bad one: why */
};

struct schedules {
    struct schedule *items; /* by name */
    size_t count;
};

/* Gives the registry the commands of schedules; once, when all else is in it. */
int schedules_add_commands(struct registry *registry, const struct schedule_sources *sources,
                           plain_error *err) PLAIN_MUST_USE;

/* All lives in a; the registry must outlive it. Fails (PJ202) only when JOBS_SCHEDULE is not of its
 * form at all. */
int schedules_collect(const struct registry *registry, const struct schedule_sources *sources,
                      struct arena *a, struct schedules *out, plain_error *err) PLAIN_MUST_USE;

/* Whether JOBS_SCHEDULE is of its form. */
int schedules_check_setting(const char *setting, plain_error *err) PLAIN_MUST_USE;

const struct schedule *schedules_find(const struct schedules *all, const char *name);

#endif
