/*
 * repeats.c - enqueues a TraceJob, and repeats that under its uuid while the link breaks: repeats
 * URL
 *
 * Prints how often it asked, and the uuid.
 */
#include <stdio.h>

#include <plain/jobs.h>

int main(int argc, char **argv)
{
    char text[PLAIN_UUID_TEXT];
    plain_uuid uuid = {{0}};
    plain_jobs *jobs;
    plain_error err;
    int calls = 0, r = argc == 2 ? plain_jobs_open(argv[1], &jobs, &err) : PLAIN_E_INVALID;

    if (r < 0)
        return 1;
    do {
        plain_request request = {0};

        r = plain_run_in_worker_by_name(jobs, "TraceJob", "{}", PLAIN_OPTIONS(.uuid = uuid),
                                        &request, &err);
        uuid = request.uuid;
    } while (++calls < 20 && r == PLAIN_E_UNREACHABLE);
    plain_jobs_close(jobs);
    printf("%d %s\n", calls, plain_uuid_format(&uuid, text));
    return r < 0;
}
