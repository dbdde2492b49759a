#include "channel/frame.h"

#include <string.h>

#include "base/text.h"
#include "channel/channel.h"

/* Every frame is a list of fields; these tables are the wire format, for writing and for reading.
 */
enum field_type { FIELD_U64, FIELD_I64, FIELD_I32, FIELD_BOOL, FIELD_UUID, FIELD_TEXT };

struct field {
    enum field_type type;
    size_t offset;
};

#define FIELD(structure, type, member)                                                             \
    {                                                                                              \
        FIELD_##type, offsetof(struct structure, member)                                           \
    }

static const struct field job_fields[] = {
    FIELD(frame_job, U64, seq),           FIELD(frame_job, UUID, token),
    FIELD(frame_job, UUID, request_uuid), FIELD(frame_job, UUID, root_uuid),
    FIELD(frame_job, I32, priority),      FIELD(frame_job, I32, retries),
    FIELD(frame_job, I32, retry_attempt), FIELD(frame_job, I32, run_no),
    FIELD(frame_job, TEXT, job_class),    FIELD(frame_job, TEXT, parameters),
    FIELD(frame_job, TEXT, queue),        FIELD(frame_job, TEXT, concurrency_key),
    FIELD(frame_job, TEXT, source),
};

#define HOOK_FIELD(type, member) FIELD(frame_hook, type, job.member)

static const struct field hook_fields[] = {
    HOOK_FIELD(U64, seq),
    HOOK_FIELD(UUID, token),
    HOOK_FIELD(UUID, request_uuid),
    HOOK_FIELD(UUID, root_uuid),
    HOOK_FIELD(I32, priority),
    HOOK_FIELD(I32, retries),
    HOOK_FIELD(I32, retry_attempt),
    HOOK_FIELD(I32, run_no),
    HOOK_FIELD(TEXT, job_class),
    HOOK_FIELD(TEXT, parameters),
    HOOK_FIELD(TEXT, queue),
    HOOK_FIELD(TEXT, concurrency_key),
    FIELD(frame_hook, TEXT, status),
    FIELD(frame_hook, TEXT, error_type),
    FIELD(frame_hook, TEXT, error_message),
    FIELD(frame_hook, BOOL, will_retry),
};

static const struct field class_fields[] = {
    FIELD(frame_class, TEXT, name),           FIELD(frame_class, TEXT, doc),
    FIELD(frame_class, TEXT, origin),         FIELD(frame_class, BOOL, has_retry_delay),
    FIELD(frame_class, BOOL, has_on_aborted), FIELD(frame_class, BOOL, is_executable),
    FIELD(frame_class, BOOL, has_schedule),   FIELD(frame_class, I64, timeout_ms),
    FIELD(frame_class, I64, memory_limit),    FIELD(frame_class, I64, cpu_limit_ms),
};

static const struct field end_fields[] = {
    FIELD(frame_end, U64, seq),         FIELD(frame_end, I32, kind),
    FIELD(frame_end, I64, started_us),  FIELD(frame_end, I64, ended_us),
    FIELD(frame_end, I64, cpu_us),      FIELD(frame_end, I64, max_rss_kb),
    FIELD(frame_end, I64, delay_ms),    FIELD(frame_end, I32, increment_retries),
    FIELD(frame_end, I32, exit_code),   FIELD(frame_end, I32, exit_signal),
    FIELD(frame_end, TEXT, error_type), FIELD(frame_end, TEXT, error_message),
    FIELD(frame_end, TEXT, error),
};

static const struct field delay_fields[] = {
    FIELD(frame_delay, U64, seq),
    FIELD(frame_delay, I64, delay_ms),
};

static const size_t field_sizes[] = {
    [FIELD_U64] = sizeof(uint64_t),    [FIELD_I64] = sizeof(int64_t),
    [FIELD_I32] = sizeof(int32_t),     [FIELD_BOOL] = sizeof(bool),
    [FIELD_UUID] = sizeof(plain_uuid),
};

#define TEXT_NULL UINT32_MAX

/* Length with the NUL, then the bytes with the NUL, so that a reader needs no copy. */
static void put_text(struct buf *b, const char *text)
{
    uint32_t size = text ? (uint32_t)strlen(text) + 1 : TEXT_NULL;

    buf_put(b, &size, sizeof(size));
    if (text)
        buf_put(b, text, size);
}

/* Room for a header; returns where. */
static size_t begin_frame(struct buf *b)
{
    size_t at = b->len;

    buf_put(b, &(struct channel_header){0}, sizeof(struct channel_header));
    return at;
}

/* Fills in the header. */
static void end_frame(struct buf *b, size_t at, enum frame_kind kind)
{
    if (!buf_ok(b))
        return;
    const struct channel_header header = {
        .kind = (uint32_t)kind,
        .length = (uint32_t)(b->len - at - sizeof(header)),
    };
    memcpy(b->data + at, &header, sizeof(header));
}

static void put_fields(struct buf *b, const void *structure, const struct field *fields,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *member = (const char *)structure + fields[i].offset;
        const char *text;

        if (fields[i].type != FIELD_TEXT) {
            buf_put(b, member, field_sizes[fields[i].type]);
            continue;
        }
        memcpy(&text, member, sizeof(text));
        put_text(b, text);
    }
}

static void put_frame(struct buf *b, enum frame_kind kind, const void *structure,
                      const struct field *fields, size_t count)
{
    size_t at = begin_frame(b);

    put_fields(b, structure, fields, count);
    end_frame(b, at, kind);
}

static bool get_text(const char **p, size_t *left, const char **out)
{
    uint32_t size;

    if (*left < sizeof(size))
        return false;
    memcpy(&size, *p, sizeof(size));
    *p += sizeof(size);
    *left -= sizeof(size);
    *out = NULL;
    if (size == TEXT_NULL)
        return true;
    if (size == 0 || size > *left || (*p)[size - 1] != '\0')
        return false;
    *out = *p;
    *p += size;
    *left -= size;
    return true;
}

/* Reads fields at *p, of *left bytes, and goes behind them. */
static bool get_fields(const char **at, size_t *length, void *structure, const struct field *fields,
                       size_t count)
{
    const char *p = *at;
    size_t left = *length;

    for (size_t i = 0; i < count; i++) {
        char *member = (char *)structure + fields[i].offset;
        const char *text;

        if (fields[i].type == FIELD_TEXT) {
            if (!get_text(&p, &left, &text))
                return false;
            memcpy(member, &text, sizeof(text));
            continue;
        }
        size_t size = field_sizes[fields[i].type];
        if (left < size)
            return false;
        if (fields[i].type == FIELD_BOOL && (unsigned char)*p > 1)
            return false;
        memcpy(member, p, size);
        p += size;
        left -= size;
    }
    *at = p;
    *length = left;
    return true;
}

static bool get_frame(const struct frame *f, void *structure, const struct field *fields,
                      size_t count)
{
    const char *p = f->payload;
    size_t left = f->length;

    return get_fields(&p, &left, structure, fields, count) && left == 0;
}

void frame_put_job(struct buf *b, enum frame_kind kind, const struct frame_job *f)
{
    put_frame(b, kind, f, job_fields, ARRAY_SIZE(job_fields));
}

void frame_put_hook(struct buf *b, const struct frame_hook *f)
{
    put_frame(b, FRAME_HOOK, f, hook_fields, ARRAY_SIZE(hook_fields));
}

void frame_put_class(struct buf *b, const struct frame_class *f)
{
    put_frame(b, FRAME_CLASS, f, class_fields, ARRAY_SIZE(class_fields));
}

void frame_put_end(struct buf *b, const struct frame_end *f)
{
    put_frame(b, FRAME_END, f, end_fields, ARRAY_SIZE(end_fields));
}

void frame_put_delay(struct buf *b, const struct frame_delay *f)
{
    put_frame(b, FRAME_DELAY, f, delay_fields, ARRAY_SIZE(delay_fields));
}

void frame_put_seq(struct buf *b, enum frame_kind kind, uint64_t seq)
{
    put_frame(b, kind, &seq, (const struct field[]){{FIELD_U64, 0}}, 1);
}

void frame_put_failed(struct buf *b, const plain_error *err)
{
    struct channel_header header = {.length = sizeof(*err), .kind = FRAME_FAILED};

    buf_put(b, &header, sizeof(header));
    buf_put(b, err, sizeof(*err));
}

void frame_put_output(struct buf *b, const struct frame_output *f)
{
    size_t at = begin_frame(b);

    buf_put(b, &f->seq, sizeof(f->seq));
    buf_put(b, f->bytes, f->size);
    end_frame(b, at, FRAME_OUTPUT);
}

static const struct field log_fields[] = {
    FIELD(frame_log, U64, seq),
    FIELD(frame_log, I32, level),
    FIELD(frame_log, TEXT, event),
};

static const struct field pair_fields[] = {
    FIELD(log_pair, TEXT, key),
    FIELD(log_pair, TEXT, text),
    FIELD(log_pair, I64, number),
};

void frame_put_log(struct buf *b, const struct frame_log *f)
{
    char event[LOG_TEXT_MAX], text[LOG_TEXT_MAX];
    struct frame_log short_one = {.seq = f->seq, .level = f->level, .event = event};
    size_t at = begin_frame(b);

    (void)text_copy(event, sizeof(event), f->event);
    put_fields(b, &short_one, log_fields, ARRAY_SIZE(log_fields));
    for (size_t i = 0; i < f->count; i++) {
        struct log_pair pair = f->pairs[i];

        if (pair.text) {
            (void)text_copy(text, sizeof(text), pair.text);
            pair.text = text;
        }
        put_fields(b, &pair, pair_fields, ARRAY_SIZE(pair_fields));
    }
    end_frame(b, at, FRAME_LOG);
}

bool frame_get_job(const struct frame *f, struct frame_job *out)
{
    return get_frame(f, out, job_fields, ARRAY_SIZE(job_fields)) && out->job_class && out->queue &&
           out->concurrency_key && out->source;
}

bool frame_get_hook(const struct frame *f, struct frame_hook *out)
{
    return get_frame(f, out, hook_fields, ARRAY_SIZE(hook_fields)) && out->job.job_class &&
           out->job.queue && out->job.concurrency_key && out->status && out->error_type &&
           out->error_message;
}

bool frame_get_class(const struct frame *f, struct frame_class *out)
{
    return get_frame(f, out, class_fields, ARRAY_SIZE(class_fields)) && out->name && out->doc &&
           out->origin;
}

bool frame_get_end(const struct frame *f, struct frame_end *out)
{
    return get_frame(f, out, end_fields, ARRAY_SIZE(end_fields)) && out->error_type &&
           out->error_message && out->error && out->kind >= END_FAILED && out->kind <= END_LOST;
}

struct frame_end frame_end_noted(const char *frame, size_t length, const struct progress_how *how,
                                 const struct progress_times *times)
{
    static const size_t header = sizeof(struct channel_header);
    struct frame f = {.kind = FRAME_END};
    struct frame_end end;

    if (frame && length > header) {
        f.payload = frame + header;
        f.length = length - header;
        if (frame_get_end(&f, &end))
            return end;
    }
    return (struct frame_end){
        .kind = how->kind >= END_FAILED && how->kind <= END_LOST ? how->kind : END_FAILED,
        .started_us = times->started_us,
        .ended_us = times->ended_us,
        .cpu_us = times->cpu_us,
        .max_rss_kb = times->max_rss_kb,
        .delay_ms = how->delay_ms,
        .increment_retries = how->increment_retries,
        .exit_code = how->exit_code,
        .exit_signal = how->exit_signal,
        .error_type = "Lost",
        .error_message = "the error's text was lost with its process",
        .error = "Lost: the error's text was lost with its process",
    };
}

bool frame_get_delay(const struct frame *f, struct frame_delay *out)
{
    return get_frame(f, out, delay_fields, ARRAY_SIZE(delay_fields));
}

bool frame_get_seq(const struct frame *f, uint64_t *seq)
{
    return get_frame(f, seq, (const struct field[]){{FIELD_U64, 0}}, 1);
}

bool frame_get_output(const struct frame *f, struct frame_output *out)
{
    if (f->length < sizeof(out->seq))
        return false;
    memcpy(&out->seq, f->payload, sizeof(out->seq));
    out->bytes = f->payload + sizeof(out->seq);
    out->size = f->length - sizeof(out->seq);
    return true;
}

bool frame_get_log(const struct frame *f, struct frame_log *out)
{
    const char *p = f->payload;
    size_t left = f->length;

    if (!get_fields(&p, &left, out, log_fields, ARRAY_SIZE(log_fields)) || !out->event ||
        out->level < LOG_DEBUG || out->level > LOG_ERROR)
        return false;
    for (out->count = 0; left > 0; out->count++) {
        if (out->count == LOG_PAIRS_MAX ||
            !get_fields(&p, &left, &out->pairs[out->count], pair_fields, ARRAY_SIZE(pair_fields)) ||
            !out->pairs[out->count].key)
            return false;
    }
    return true;
}

bool frame_get_failed(const struct frame *f, plain_error *err)
{
    if (f->length != sizeof(*err))
        return false;
    memcpy(err, f->payload, sizeof(*err));
    err->field[sizeof(err->field) - 1] = '\0';
    err->message[sizeof(err->message) - 1] = '\0';
    err->fix[sizeof(err->fix) - 1] = '\0';
    err->sqlstate[sizeof(err->sqlstate) - 1] = '\0';
    return err->code < 0;
}
