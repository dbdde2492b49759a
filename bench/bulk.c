/*
 * bulk.c - how many jobs a second plain_run_many() enqueues in one call
 *
 *     bulk URL COUNT [keyed]     prints one line: count, seconds, jobs a second
 */
#include <plain/jobs.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_SIZE = 32 };

struct bulk {
    int64_t i;
    const char *a;
};

static int bulk_run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param bulk_params[] = {PLAIN_PARAM(struct bulk, i, 0),
                                          PLAIN_PARAM(struct bulk, a, 0), PLAIN_PARAMS_END};

static const plain_job_class BulkJob = {
    PLAIN_JOB_CLASS(struct bulk),
    .name = "BulkJob",
    .params = bulk_params,
    .run = bulk_run,
};

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int report(const plain_error *err)
{
    (void)fprintf(stderr, "error[PJ%d]: %s\n", err->pj, err->message);
    return 1;
}

int main(int argc, char **argv)
{
    bool keyed = argc == 4 && strcmp(argv[3], "keyed") == 0;
    size_t count = argc == 3 || keyed ? strtoul(argv[2], NULL, 10) : 0, made = 0;
    struct bulk *params = calloc(count + 1, sizeof(*params));
    plain_item *items = calloc(count + 1, sizeof(*items));
    plain_options *options = calloc(count + 1, sizeof(*options));
    char(*keys)[KEY_SIZE] = calloc(count + 1, sizeof(*keys));
    plain_jobs *jobs;
    plain_error err;

    if (count == 0 || !params || !items || !options || !keys) {
        (void)fprintf(stderr, "usage: bulk URL COUNT [keyed]\n");
        return 2;
    }
    for (size_t i = 0; i < count; i++) {
        params[i] = (struct bulk){.i = (int64_t)i, .a = "0123456789"};
        (void)snprintf(keys[i], sizeof(keys[i]), "key-%zu", i);
        options[i] = (plain_options){.size = sizeof(plain_options), .concurrency_key = keys[i]};
        items[i] = (plain_item){.size = sizeof(plain_item), .params = &params[i]};
        if (keyed)
            items[i].options = &options[i];
    }
    if (plain_jobs_open(argv[1], &jobs, &err) < 0)
        return report(&err);
    double start = now();
    int r = plain_run_many(jobs, &BulkJob, items, count, NULL, &made, &err);
    double took = now() - start;
    plain_jobs_close(jobs);
    free(params);
    free(items);
    free(options);
    free(keys);
    if (r < 0)
        return report(&err);
    (void)printf("%zu jobs in %.2f s: %.0f a second\n", made, took, (double)made / took);
    return 0;
}
