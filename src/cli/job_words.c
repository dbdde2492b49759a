#include "cli/job_words.h"

#include "admin/moment.h"
#include "base/error.h"
#include "base/uuid.h"
#include "core/params.h"

int read_parameters(struct cli *cli, const plain_job_class *cls, struct buf *json, plain_error *err)
{
    const struct arguments *args = &cli->args;
    const char *given = option_text(args, OPTION_PARAMS);

    if (!given)
        return params_from_pairs(cls, args->operands + 1, args->operand_count - 1, json, err);
    if (args->operand_count > 1)
        return error_set(err, PLAIN_E_INVALID, 201, "params",
                         "parameters are given as --params and as \"%s\": give all of them in one "
                         "way",
                         args->operands[1]);
    buf_puts(json, given);
    return buf_ok(json) ? PLAIN_OK
                        : error_set(err, PLAIN_E_INVALID, 602, "parameters",
                                    "parameters are larger than 1 MiB");
}

int parse_uuid(const char *text, plain_uuid *out, plain_error *err)
{
    if (plain_uuid_parse(text, out) && !uuid_is_zero(out)) /* that would be as if none were given */
        return PLAIN_OK;
    return error_set(err, PLAIN_E_NOT_FOUND, 502, "uuid",
                     "\"%s\" is no uuid, which has 32 hexadecimal digits, not all of them 0", text);
}

int read_uuid(const struct cli *cli, plain_uuid *out, plain_error *err)
{
    return parse_uuid(cli->args.operands[0], out, err);
}

int no_such_job(const plain_uuid *uuid, plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    return error_set(err, PLAIN_E_NOT_FOUND, 502, "uuid", "there is no job %s",
                     plain_uuid_format(uuid, text));
}

static const char *holder_state(const plain_request *request)
{
    static const char *const states[] = {
        [PLAIN_HOLDER_NONE] = "refused by its class's rule",
        [PLAIN_HOLDER_PENDING] = "pending",
        [PLAIN_HOLDER_PROCESSING] = "processing",
        [PLAIN_HOLDER_UNSEEN] = "committed after this transaction began",
    };
    unsigned state = (unsigned)request->holder_state;

    return state < ARRAY_SIZE(states) ? states[state] : "unknown";
}

void say_not_printed(const plain_uuid *uuid, int64_t made, int64_t count, plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    (void)plain_uuid_format(uuid, text);
    if (count == 1)
        error_prefix(err, "job %s was enqueued, but not printed: ", text);
    else
        error_prefix(err, "job %s, %lld of %lld, was enqueued, but not printed: ", text,
                     (long long)made, (long long)count);
    error_fix(err, "the job is there: plain jobs show %s", text);
}

void say_unknown(const plain_uuid *uuid, plain_error *err)
{
    char text[PLAIN_UUID_TEXT];

    (void)plain_uuid_format(uuid, text);
    error_prefix(err, "job %s may have been enqueued: ", text);
    error_fix(err, "look before you repeat it: plain jobs show %s", text);
}

void put_cut(struct cli *cli, size_t count, int64_t limit)
{
    if (cli->terminal && (int64_t)count >= limit)
        buf_putf(&cli->out, "The newest %lld; there may be more: --limit N.\n", (long long)limit);
}

void say_skipped(const struct cli *cli, const plain_request *request)
{
    struct buf age = BUF_INIT(64);
    char uuid[PLAIN_UUID_TEXT];

    if (cli->json)
        return;
    if (request->holder_state == PLAIN_HOLDER_NONE) {
        cli_say(cli, "skipped[PJ501]: the class's own rule, should_enqueue, says no for now");
        return;
    }
    (void)plain_uuid_format(&request->holder, uuid);
    put_duration(&age, request->holder_age_ms * 1000);
    cli_say(cli, "skipped[PJ501]: the concurrency key is held by %s (%s, enqueued %s ago)", uuid,
            holder_state(request), age.data);
    cli_say(cli, "  \xE2\x86\x92 plain jobs show %s", uuid);
    buf_release(&age);
}

void put_skipped(struct json_writer *j, const plain_request *request)
{
    if (!request) {
        json_put_null(j, "skipped");
        return;
    }
    json_begin(j, "skipped", '{');
    if (uuid_is_zero(&request->holder))
        json_put_null(j, "holder");
    else
        json_put_uuid(j, "holder", &request->holder);
    json_put_text(j, "state", holder_state(request));
    json_put_int(j, "age_ms", request->holder_age_ms);
    json_end(j, '}');
}
