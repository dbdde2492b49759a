/*
 * golden_line.h - the lines of tests/golden/parameters.jsonl, one JSON object each
 *
 * Members are handed out as slices, so that numbers keep every digit. tests/golden/README.md says
 * what they mean.
 */
#ifndef PLAIN_TESTS_CORE_GOLDEN_LINE_H
#define PLAIN_TESTS_CORE_GOLDEN_LINE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "core/json.h"

/* A member that a line lacks has p NULL, a text NULL. */
struct golden_line {
    bool is_json; /* false: a text that no JSON parser of UTF-8 takes, such as half a surrogate */
    const char *op, *description, *expected_error;
    struct jtext args, kwargs, stored, expected;
    bool unchanged;
};

/* The next line; its texts live in a. False at the end of the file. */
bool golden_line_read(FILE *f, struct arena *a, struct golden_line *out);

#endif
