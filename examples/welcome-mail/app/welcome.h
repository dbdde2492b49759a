/* welcome.h - the job of this application, for the code that enqueues it */
#ifndef WELCOME_H
#define WELCOME_H

#include <plain/jobs.h>

struct welcome_mail {
    int64_t user_id;
    const char *address;
    const char *locale; /* optional, may be NULL */
};

extern const plain_job_class WelcomeMailJob;
PLAIN_JOB_TYPED(WelcomeMailJob, struct welcome_mail)

#endif
