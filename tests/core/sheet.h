/*
 * sheet.h - a job class that is made while the test runs, of the values that the test has
 *
 *     struct sheet sheet;
 *     sheet_init(&sheet);
 *     sheet_declare(&sheet, "on", PLAIN_TYPE_DATE);
 *     sheet.slots[0].date = ...;
 *     text = sheet_encode(&sheet);
 *     sheet_release(&sheet);
 */
#ifndef PLAIN_TESTS_CORE_SHEET_H
#define PLAIN_TESTS_CORE_SHEET_H

#include <plain/jobs.h>

#include "base/arena.h"
#include "core/json.h"

enum { SHEET_SLOTS = 8 };

union slot {
    bool b;
    int64_t whole;
    double real;
    const char *text;
    plain_json raw;
    plain_date date;
    plain_datetime datetime;
    plain_model model;
    plain_int64s wholes;
    plain_strings texts;
};

struct sheet {
    plain_job_class cls; /* its struct is `slots` */
    plain_param params[SHEET_SLOTS + 1];
    union slot slots[SHEET_SLOTS];
    size_t count;
    struct arena a;
};

void sheet_init(struct sheet *sheet);
void sheet_release(struct sheet *sheet);

/* A required parameter; its slot is zero. name must live as long as the sheet. */
union slot *sheet_declare(struct sheet *sheet, const char *name, plain_type type);

/* Declares and fills the parameter that C has for a golden value; false when it has none. */
bool sheet_add(struct sheet *sheet, const char *name, struct jtext golden);

/* The stored form of the slots; it lives in the sheet. Failures end the test. */
const char *sheet_encode(struct sheet *sheet);

/* Fills the slots from a stored form; PLAIN_OK or what params_decode() says. */
int sheet_decode(struct sheet *sheet, const char *stored, plain_error *err);

#endif
