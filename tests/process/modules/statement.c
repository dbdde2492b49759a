/*
 * statement.c - prints what plain_enqueue_statement makes: statement DIALECT [KEY [DELAY_MS
 * [UUID]]]
 *
 * The SQL, then each value behind a line "= " or, for NULL, "-". Texts here have no line ends but
 * the SQL, which ends with a line ".".
 */
#include <stdio.h>
#include <stdlib.h>

#include <plain/jobs.h>

struct user {
    int64_t user_id;
    const char *name;
};

static int run_nothing(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}

static const plain_param user_params[] = {PLAIN_PARAM(struct user, user_id, 0),
                                          PLAIN_PARAM(struct user, name, 0), PLAIN_PARAMS_END};

static const plain_job_class UserJob = {
    PLAIN_JOB_CLASS(struct user), .name = "UserJob",    .params = user_params,
    .default_queue = "mail",      .default_retries = 2, .run = run_nothing,
};

int main(int argc, char **argv)
{
    const struct user user = {.user_id = 42, .name = "O'Neil \\ \"x\" %s $1 ?"};
    plain_options options = {.size = sizeof(options), .source = "test", .priority = PLAIN_INT(-5)};
    plain_statement *statement;
    plain_error err;

    if (argc < 2)
        return 2;
    options.concurrency_key = argc > 2 ? argv[2] : "";
    options.delay_ms = argc > 3 ? strtoll(argv[3], NULL, 10) : 0;
    if (argc > 4 && !plain_uuid_parse(argv[4], &options.uuid))
        return 2;
    if (plain_enqueue_statement(argv[1], NULL, &UserJob, &user, &options, &statement, &err) < 0) {
        fprintf(stderr, "PJ%d: %s\n", err.pj, err.message);
        return 1;
    }
    printf("%s.\n", statement->sql);
    for (size_t i = 0; i < statement->count; i++)
        printf(statement->values[i] ? "=%s\n" : "-\n", statement->values[i]);
    plain_statement_free(statement);
    return 0;
}
