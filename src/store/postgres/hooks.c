#include "store/postgres/hooks.h"

#include "store/postgres/fields.h"

size_t postgres_hooks_want(struct session *s, const struct cycle *c)
{
    plain_uuid tokens[STORE_END_MAX];
    size_t count = 0;

    for (size_t i = 0; i < c->end_count; i++) {
        if (c->ends[i].wants_hook)
            tokens[count++] = c->ends[i].token;
    }
    if (count == 0)
        return 0;
    wire_array(&s->wire, &wire_uuid_items, tokens, count, sizeof(*tokens));
    session_send(s, SQL_WANT_HOOKS);
    return 1;
}

size_t postgres_hooks_done(struct session *s, const struct cycle *c)
{
    if (c->hooks_done_count == 0)
        return 0;
    wire_array(&s->wire, &wire_uuid_items, c->hooks_done, c->hooks_done_count,
               sizeof(*c->hooks_done));
    session_send(s, SQL_HOOKS_DONE);
    return 1;
}

void postgres_hooks_take(struct session *s, const struct cycle *c)
{
    wire_array(&s->wire, &wire_text_items, c->hook_classes, c->hook_class_count,
               sizeof(*c->hook_classes));
    wire_int4(&s->wire, (int)c->hook_limit);
    wire_int4(&s->wire, HOOK_LEASE_S);
    session_send(s, SQL_TAKE_HOOKS);
}

static void field_status(const struct cell *c, void *out)
{
    char name[16] = "";

    for (size_t i = 0; c->bytes && i < c->length && i < sizeof(name) - 1; i++)
        name[i] = c->bytes[i];
    (void)job_status_parse(name, out);
}

static const struct field hook_fields[] = {
    {field_uuid, offsetof(struct hook, claim.token)},
    {field_uuid, offsetof(struct hook, claim.request_uuid)},
    {field_uuid, offsetof(struct hook, claim.root_uuid)},
    {field_text, offsetof(struct hook, claim.job_class)},
    {field_text, offsetof(struct hook, claim.parameters)},
    {field_text, offsetof(struct hook, claim.queue)},
    {field_text, offsetof(struct hook, claim.concurrency_key)},
    {field_text, offsetof(struct hook, claim.source)},
    {field_int, offsetof(struct hook, claim.priority)},
    {field_int, offsetof(struct hook, claim.retries)},
    {field_int, offsetof(struct hook, claim.retry_attempt)},
    {field_int, offsetof(struct hook, claim.run_no)},
    {field_status, offsetof(struct hook, status)},
    {field_text, offsetof(struct hook, error_type)},
    {field_text, offsetof(struct hook, error_message)},
    {field_bool, offsetof(struct hook, will_retry)},
};

void postgres_hooks_read(const PGresult *result, struct arena *a, struct cycle_result *out)
{
    size_t count = (size_t)libpq.PQntuples(result);

    if (count == 0)
        return;
    out->hooks = arena_array(a, count, sizeof(*out->hooks));
    for (size_t i = 0; out->hooks && i < count; i++)
        fields_read(result, (int)i, hook_fields, ARRAY_SIZE(hook_fields), a, &out->hooks[i]);
    if (arena_ok(a))
        out->hook_count = count;
}
