/*
 * by_name.c - enqueues by name: by_name URL CLASS one|both|lines
 *
 * one: parameters are JSON on stdin; both: with a delay and a start time as well. Exit code 0 when
 * it was made; else 2, with the error on stderr. lines: each line of stdin is enqueued, and
 * answered by a line with the request's uuid or the PJ code.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <plain/jobs.h>

enum { TEXT_MAX = 4 * 1024 * 1024 };

static int enqueue(plain_jobs *jobs, char **argv, const char *text, plain_request *request,
                   plain_error *err)
{
    const plain_options *both = PLAIN_OPTIONS(.delay_ms = 1000, .start_at = 1000000);

    return plain_run_in_worker_by_name(jobs, argv[2], text,
                                       strcmp(argv[3], "both") == 0 ? both : NULL, request, err);
}

static int report(const plain_error *err)
{
    (void)fprintf(stderr, "PJ%d %s: %s\n", err->pj, err->field, err->message);
    return 2;
}

static void enqueue_lines(plain_jobs *jobs, char **argv, char *line)
{
    plain_request request;
    plain_error err;
    char uuid[PLAIN_UUID_TEXT];

    while (fgets(line, TEXT_MAX, stdin)) {
        line[strcspn(line, "\n")] = '\0';
        if (enqueue(jobs, argv, line, &request, &err) < 0)
            (void)printf("PJ%d\n", err.pj);
        else
            (void)printf("%s\n", plain_uuid_format(&request.uuid, uuid));
    }
}

int main(int argc, char **argv)
{
    plain_jobs *jobs = NULL;
    plain_error err;
    char *text = calloc(1, TEXT_MAX);
    int r = PLAIN_OK;

    if (argc != 4 || !text)
        return 1;
    if (plain_jobs_open(argv[1], &jobs, &err) < 0)
        return report(&err);
    if (strcmp(argv[3], "lines") == 0) {
        enqueue_lines(jobs, argv, text);
    } else {
        (void)!fread(text, 1, TEXT_MAX - 1, stdin);
        r = enqueue(jobs, argv, text, NULL, &err);
    }
    plain_jobs_close(jobs);
    free(text);
    return r < 0 ? report(&err) : 0;
}
