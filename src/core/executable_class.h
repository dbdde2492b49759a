/*
 * executable_class.h - the job class that a section of plain.conf makes of an executable
 *
 *     job thumbnail {
 *         doc             = "Make a small picture."
 *         params          = {"file:string", "width:int32=320", "tags:strings?"}
 *         queue           = "slow"
 *         priority        = 5
 *         retries         = 3
 *         retry_delay     = "exponential 1s max 1h"
 *         concurrency_key = "file-{file}"
 *         defer_delay     = "30s"
 *         timeout         = "10m"
 *         memory_limit    = "256M"
 *         cpu_limit       = "30s"
 *     }
 *
 * It is a plain_job_class as a program in C has one, so the same code decides defaults, checks
 * parameters and asks for the delay of a retry. Its struct is laid out here, and filled from JSON
 * as any other. Only its run() is of no use: the runner starts the executable itself.
 *
 * A section names all parameters that the job takes, as a class does: without params it takes none.
 * (An executable without a section takes any.) A parameter is NAME:TYPE, with ? behind it when it
 * may be absent, or = and its default as JSON.
 */
#ifndef PLAIN_CORE_EXECUTABLE_CLASS_H
#define PLAIN_CORE_EXECUTABLE_CLASS_H

#include <stdint.h>

#include <stdbool.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "base/arena.h"
#include "core/job_section.h"

/* Makes the class in a; it borrows the section and `doc`, which is what the section's own doc
 * replaces. PJ202 with the place of what cannot be. */
int executable_class_new(const struct section *section, const char *doc, struct arena *a,
                         const plain_job_class **out, plain_error *err) PLAIN_MUST_USE;

/* Whether nothing is declared of its parameters, so that any object will do: NULL, and one whose
 * section has no params. */
bool executable_class_takes_any(const plain_job_class *cls);

/* Milliseconds for which it is deferred when it does not say so itself; fallback when its section
 * does not say either, or when cls is NULL. */
int64_t executable_class_defer_ms(const plain_job_class *cls, int64_t fallback);

#endif
