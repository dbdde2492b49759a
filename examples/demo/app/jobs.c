/* The demo's job in C: writes a mail into spool/ instead of sending it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <plain/jobs.h>

struct welcome_user {
    int64_t user_id;
    const char *locale; /* optional, may be NULL */
};

static int welcome_user_run(plain_job *job, const void *params)
{
    const struct welcome_user *self = params;
    const char *greeting =
        self->locale && strcmp(self->locale, "de") == 0 ? "Willkommen" : "Welcome";
    char path[64];

    (void)snprintf(path, sizeof(path), "spool/welcome-%" PRId64 ".txt", self->user_id);
    FILE *mail = fopen(path, "w");
    if (!mail)
        return plain_job_fail(job, "SpoolError", "%s: %s", path, strerror(errno));
    bool written = fprintf(mail, "To: user %" PRId64 "\n\n%s!\n", self->user_id, greeting) > 0;
    if (fclose(mail) != 0 || !written)
        return plain_job_fail(job, "SpoolError", "%s: %s", path, strerror(errno));
    return PLAIN_OK;
}

static const plain_param welcome_user_params[] = {
    PLAIN_PARAM(struct welcome_user, user_id, 0),
    PLAIN_PARAM(struct welcome_user, locale, PLAIN_OPTIONAL),
    PLAIN_PARAMS_END,
};

const plain_job_class WelcomeUserJob = {
    PLAIN_JOB_CLASS(struct welcome_user), .name = "WelcomeUserJob", .doc = "Send the welcome mail.",
    .params = welcome_user_params,        .default_retries = 3,     .run = welcome_user_run,
};

PLAIN_REGISTER_JOBS(&WelcomeUserJob);
