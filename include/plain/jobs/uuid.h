/*
 * plain/jobs/uuid.h - the identifier of a request, an attempt or a worker: 16 bytes for ever
 */
#ifndef PLAIN_JOBS_UUID_H
#define PLAIN_JOBS_UUID_H

#include <stdbool.h>

#include <plain/jobs/compiler.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct plain_uuid {
    unsigned char bytes[16]; /* as RFC 9562 writes them, most significant first; all zero: none */
} plain_uuid;

/* Size of the text of a uuid with its NUL. */
#define PLAIN_UUID_TEXT 37

/* Makes a new version 7 uuid. Any thread. Give it to an enqueue to be able to repeat the call. */
PLAIN_EXPORT plain_uuid plain_uuid_new(void);

/* Writes "0192f3c4-...." into out and returns out. */
PLAIN_EXPORT const char *plain_uuid_format(const plain_uuid *uuid, char out[PLAIN_UUID_TEXT]);

/* Reads 36 characters with hyphens or 32 without, in any case; false when text is anything else. */
PLAIN_EXPORT bool plain_uuid_parse(const char *text, plain_uuid *out);

#ifdef __cplusplus
}
#endif

#endif
