/*
 * class.h - checking a class, and deciding the values of one enqueue
 */
#ifndef PLAIN_CORE_CLASS_H
#define PLAIN_CORE_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>
#include <plain/jobs/queue.h>

#include "base/compiler.h"

/* Whether the class can be used: sizes of this version (PJ702), name, run, parameters' names and
 * offsets, defaults in range (PJ110, with the class's name and the field). */
int class_check(const plain_job_class *cls, plain_error *err) PLAIN_MUST_USE;

/* Most parameters of a class: beyond them PLAIN_PARAMS_END is missing. */
enum { CLASS_PARAMS_MAX = 256 };

/* Parameter i of a class that class_check has passed, NULL behind the last. Its rows are as large
 * as the program's headers made them, so nobody indexes cls->params. */
const plain_param *class_param(const plain_job_class *cls, size_t i);
size_t class_param_count(const plain_job_class *cls);
/* The fallback of one of its rows, NULL when it has none. */
const char *class_param_fallback(const plain_job_class *cls, const plain_param *param);

/* 0: none, also for a class of a program that was built before there was one. */
int64_t class_timeout_ms(const plain_job_class *cls);
/* Likewise: whether it has a schedule of its own. cls may be NULL. */
bool class_has_schedule(const plain_job_class *cls);

/* Likewise: what is called when an attempt was lost or cancelled; NULL: nothing. */
plain_on_aborted_fn *class_on_aborted(const plain_job_class *cls);

/* What an attempt may use; 0: no limit. */
struct class_limits {
    int64_t memory; /* bytes */
    int64_t cpu_ms;
};
enum { CLASS_MEMORY_MIN = 1024 * 1024 };
struct class_limits class_limits(const plain_job_class *cls); /* NULL: none */

/* PJ104 for a name that no parameter of the class has, with the nearest one that has. Returns
 * PLAIN_E_INVALID. */
int class_unknown_param(const plain_job_class *cls, const char *name, plain_error *err);

/* A name, queue or key: 1 (a key: 0) to 255 bytes of valid UTF-8 without control
 * characters; else PJ105. */
int class_check_text(const char *field, const char *text, bool may_be_empty,
                     plain_error *err) PLAIN_MUST_USE;
/* The same as words, "is empty"; NULL when all is well. */
const char *class_text_fault(const char *text, bool may_be_empty);

/* The values of one enqueue after options, functions and constants. */
struct enqueue_values {
    char queue[PLAIN_NAME_MAX + 1];
    char concurrency_key[PLAIN_NAME_MAX + 1];
    char source[PLAIN_NAME_MAX + 1]; /* cut from the left, so that file name and line stay */
    int priority;
    int retries;
    int64_t delay_us;
    int64_t timeout_ms; /* 0: none of its own */
    int64_t start_at;   /* INT64_MIN: none */
    plain_uuid uuid;    /* zero: none was given */
};

/* cls NULL: no class, its defaults are "default", 0, 0, "". params is the class's struct. Checks
 * all (PJ105, PJ702): negative or overflowing delay, delay and start time both given, ranges. */
int class_decide(const plain_job_class *cls, const void *params, const plain_options *options,
                 struct enqueue_values *out, plain_error *err) PLAIN_MUST_USE;
/* Whether that calls functions of the class: code of the application. cls may be NULL. */
bool class_has_deciders(const plain_job_class *cls);

#endif
