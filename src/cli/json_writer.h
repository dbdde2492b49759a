/*
 * json_writer.h - writing JSON to a buf
 *
 * Commas are its business. key is NULL inside an array. Objects and arrays are ended by whoever
 * began them. Texts are escaped so that they are harmless on a terminal too.
 *
 *     struct json_writer j = {.out = &b};
 *     json_begin(&j, NULL, '{');
 *     json_put_int(&j, "pending", 3);
 *     json_end(&j, '}');
 */
#ifndef PLAIN_CLI_JSON_WRITER_H
#define PLAIN_CLI_JSON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include <plain/jobs/uuid.h>

#include "base/buf.h"

struct json_writer {
    struct buf *out;
    bool comma; /* something stands in front of the next member */
};

/* The first member of every document: rises when a member is renamed or taken away. */
enum { JSON_FORMAT = 1 };

void json_begin(struct json_writer *j, const char *key, char bracket); /* '{' or '[' */
void json_end(struct json_writer *j, char bracket);                    /* '}' or ']' */

/* A document: an object that begins with "format" and, when it is closed, a newline. */
void json_begin_document(struct json_writer *j, struct buf *out);
void json_end_document(struct json_writer *j);

void json_put_null(struct json_writer *j, const char *key);
void json_put_bool(struct json_writer *j, const char *key, bool value);
void json_put_int(struct json_writer *j, const char *key, int64_t value);
void json_put_text(struct json_writer *j, const char *key, const char *value); /* NULL: null      */
void json_put_time(struct json_writer *j, const char *key, int64_t us);        /* none: null      */
void json_put_uuid(struct json_writer *j, const char *key, const plain_uuid *uuid); /* zero: null */
/* JSON text as it is, but for blanks; NULL: null; text that is no JSON becomes a string. */
void json_put_raw(struct json_writer *j, const char *key, const char *text);

#endif
