/*
 * uuid_lines.h - in which line of a file each uuid stands
 */
#ifndef PLAIN_CLI_UUID_LINES_H
#define PLAIN_CLI_UUID_LINES_H

#include <stddef.h>

#include <plain/jobs/error.h>
#include <plain/jobs/uuid.h>

#include "base/compiler.h"

struct uuid_line {
    plain_uuid uuid;
    size_t number; /* 0: the place is free */
};

/* Zeroed it is empty. */
struct uuid_lines {
    struct uuid_line *places;
    size_t capacity; /* a power of two, at least twice count */
    size_t count;
};

/* Notes the uuid for the line of that number, from 1; *before is the line that has it already, and
 * then keeps it, or 0. */
int uuid_lines_add(struct uuid_lines *u, const plain_uuid *uuid, size_t number, size_t *before,
                   plain_error *err) PLAIN_MUST_USE;

void uuid_lines_release(struct uuid_lines *u);

#endif
