#include "cli/json_writer.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/uuid.h"
#include "core/json.h"
#include "core/params.h"
#include "store/store.h"

/* What stands in front of a value. */
static void put_key(struct json_writer *j, const char *key)
{
    if (j->comma)
        buf_putc(j->out, ',');
    j->comma = true;
    if (key) {
        buf_put_json(j->out, key);
        buf_putc(j->out, ':');
    }
}

void json_begin(struct json_writer *j, const char *key, char bracket)
{
    put_key(j, key);
    buf_putc(j->out, bracket);
    j->comma = false;
}

void json_end(struct json_writer *j, char bracket)
{
    buf_putc(j->out, bracket);
    j->comma = true;
}

void json_begin_document(struct json_writer *j, struct buf *out)
{
    *j = (struct json_writer){.out = out};
    json_begin(j, NULL, '{');
    json_put_int(j, "format", JSON_FORMAT);
}

void json_end_document(struct json_writer *j)
{
    json_end(j, '}');
    buf_putc(j->out, '\n');
}

void json_put_null(struct json_writer *j, const char *key)
{
    put_key(j, key);
    buf_puts(j->out, "null");
}

void json_put_bool(struct json_writer *j, const char *key, bool value)
{
    put_key(j, key);
    buf_puts(j->out, value ? "true" : "false");
}

void json_put_int(struct json_writer *j, const char *key, int64_t value)
{
    put_key(j, key);
    buf_putf(j->out, "%lld", (long long)value);
}

void json_put_text(struct json_writer *j, const char *key, const char *value)
{
    if (!value) {
        json_put_null(j, key);
        return;
    }
    put_key(j, key);
    buf_put_json(j->out, value);
}

void json_put_time(struct json_writer *j, const char *key, int64_t us)
{
    char text[CLOCK_TEXT_SIZE];

    json_put_text(j, key, us == STORE_NO_TIME ? NULL : clock_format(us, text));
}

void json_put_uuid(struct json_writer *j, const char *key, const plain_uuid *uuid)
{
    char text[PLAIN_UUID_TEXT];

    json_put_text(j, key, uuid_is_zero(uuid) ? NULL : plain_uuid_format(uuid, text));
}

/* The rows of a database may be anybody's: not all that stands there as JSON is. */
static bool is_json(const char *text)
{
    return jtext_check(text, strlen(text), PARAMS_DEPTH_MAX + 1, "", NULL, NULL) == PLAIN_OK;
}

/* Appends the first n bytes of text, which is valid UTF-8, escaped. Never looks behind them: what
 * follows may be a megabyte, and comes in as many pieces as it has lines. */
static void put_escaped_bytes(struct buf *out, const char *text, size_t n)
{
    char piece[512];

    while (n > 0) {
        size_t m = n < sizeof(piece) ? n : sizeof(piece) - 1;

        while (m < n && ((unsigned char)text[m] & 0xC0) == 0x80) /* not within a character */
            m--;
        memcpy(piece, text, m);
        piece[m] = '\0';
        buf_put_escaped(out, piece);
        text += m;
        n -= m;
    }
}

void json_put_raw(struct json_writer *j, const char *key, const char *text)
{
    static const char blanks[] = "\t\n\r";

    if (!text || !is_json(text)) {
        json_put_text(j, key, text);
        return;
    }
    put_key(j, key);
    /* Outside of its strings JSON has no control characters but these, and inside none. */
    while (*text) {
        size_t n = strcspn(text, blanks);

        put_escaped_bytes(j->out, text, n);
        text += n;
        if (*text) {
            buf_putc(j->out, ' ');
            text++;
        }
    }
}
