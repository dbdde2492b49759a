/*
 * signup.c - the application: a user signs up, and the mail is left to a worker
 *
 *     signup USER_ID ADDRESS [LOCALE]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/welcome.h"

static int report(const plain_error *err)
{
    fprintf(stderr, "error[PJ%d]: %s\n  %s\n", err->pj, err->message, err->fix);
    return EXIT_FAILURE;
}

static int enqueue(plain_jobs *jobs, const struct welcome_mail *mail)
{
    plain_request request;
    plain_error err;
    int r = WelcomeMailJob_run_in_worker(jobs, mail, PLAIN_OPTIONS(.retries = PLAIN_INT(3)),
                                         &request, &err);
    if (r < 0)
        return report(&err);
    if (r == PLAIN_SKIPPED)
        printf("user %" PRId64 " is being welcomed already\n", mail->user_id);
    else
        printf("user %" PRId64 " will be welcomed\n", mail->user_id);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    plain_jobs *jobs;
    plain_error err;

    if (argc < 3) {
        fprintf(stderr, "usage: signup USER_ID ADDRESS [LOCALE]\n");
        return 2;
    }
    const struct welcome_mail mail = {.user_id = strtoll(argv[1], NULL, 10),
                                      .address = argv[2],
                                      .locale = argc > 3 ? argv[3] : NULL};
    if (plain_jobs_open(NULL, &jobs, &err) < 0)
        return report(&err);
    int code = enqueue(jobs, &mail);
    plain_jobs_close(jobs);
    return code;
}
