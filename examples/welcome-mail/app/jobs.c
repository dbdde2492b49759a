/*
 * jobs.c - the welcome mail, written to a spool folder for the mail server to take
 *
 * The file is named after the job's root uuid, which stays the same over retries, and it appears
 * whole or not at all. So however often the job runs, there is one mail.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "welcome.h"

static const struct greeting {
    const char *locale, *subject;
} greetings[] = {{"en", "Welcome"}, {"de", "Willkommen"}, {"fr", "Bienvenue"}};

static const char *subject_for(const char *locale)
{
    for (size_t i = 0; locale && i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        if (strcmp(greetings[i].locale, locale) == 0)
            return greetings[i].subject;
    }
    return greetings[0].subject;
}

static bool write_mail(const char *path, const struct welcome_mail *mail)
{
    FILE *file = fopen(path, "w");

    if (!file)
        return false;
    bool written = fprintf(file, "To: %s\nSubject: %s!\n\nYou are our user number %" PRId64 ".\n",
                           mail->address, subject_for(mail->locale), mail->user_id) > 0;
    return fclose(file) == 0 && written;
}

static int welcome_mail_run(plain_job *job, const void *params)
{
    const struct welcome_mail *mail = params;
    char id[PLAIN_UUID_TEXT], path[64], part[64];

    if (!strchr(mail->address, '@'))
        return plain_job_fail(job, "BadAddress", "'%s' is no mail address", mail->address);
    (void)plain_uuid_format(plain_job_root_uuid(job), id);
    (void)snprintf(path, sizeof(path), "spool/%s.mail", id);
    (void)snprintf(part, sizeof(part), "spool/%s.part", id);
    if (!write_mail(part, mail) || rename(part, path) != 0)
        return plain_job_fail(job, "SpoolError", "%s: %s", path, strerror(errno));
    return PLAIN_OK;
}

static int one_per_user(const plain_job_class *self, const void *params, char *out, size_t size)
{
    const struct welcome_mail *mail = params;

    (void)self;
    return snprintf(out, size, "user-%" PRId64, mail->user_id);
}

static const plain_param welcome_mail_params[] = {
    PLAIN_PARAM(struct welcome_mail, user_id, 0),
    PLAIN_PARAM(struct welcome_mail, address, 0),
    PLAIN_PARAM(struct welcome_mail, locale, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

const plain_job_class WelcomeMailJob = {
    PLAIN_JOB_CLASS(struct welcome_mail),
    .name = "WelcomeMailJob",
    .doc = "Write the welcome mail of a new user to spool/.",
    .params = welcome_mail_params,
    .run = welcome_mail_run,
    .default_queue = "mail",
    .default_concurrency_key_for = one_per_user,
};

PLAIN_REGISTER_JOBS(&WelcomeMailJob);
