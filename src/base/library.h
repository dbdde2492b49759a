/*
 * library.h - a shared library that is loaded when it is first needed
 *
 * Some libraries come with many others. Linked, they would be loaded by each program, runner and
 * command, needed or not. One that is loaded by this has a structure of function pointers:
 *
 *     struct zip { __typeof__(zip_open) *zip_open; };
 *     static const struct library_function functions[] = {LIBRARY_FUNCTION(struct zip, zip_open)};
 *
 * It stays loaded to the end of the process.
 */
#ifndef PLAIN_BASE_LIBRARY_H
#define PLAIN_BASE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/compiler.h"

struct library_function {
    const char *name;
    size_t offset; /* in the table */
};

#define LIBRARY_FUNCTION(table, function)                                                          \
    {                                                                                              \
        .name = #function, .offset = offsetof(table, function)                                     \
    }

struct library {
    const char *file;  /* "libpq.so.5" */
    const char *title; /* "PostgreSQL's library" */
    const char *field; /* of the error */
    const char *fix;   /* "install ... (`apt install libpq5`)" */
    const struct library_function *functions;
    size_t count;
    void *table;
    bool is_loaded; /* library_load()'s own */
};

/* Fills the table, the first time that it succeeds. PLAIN_E_IO (PJ705) when the library is not
 * installed or lacks a function. Threads: any; the table may be read by whoever called this. */
int library_load(struct library *library, plain_error *err) PLAIN_MUST_USE;

#endif
