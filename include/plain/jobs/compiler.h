/*
 * plain/jobs/compiler.h - the attributes that the public headers use
 *
 * PLAIN_EXPORT      the symbol is part of the binary interface (everything else is hidden)
 * PLAIN_MUST_USE    ignoring the result is a mistake; the compiler warns
 * PLAIN_MAYBE_UNUSED a function of a macro that not every file uses
 * PLAIN_PRINTF(f,a) argument f is a printf format, its arguments start at a
 */
#ifndef PLAIN_JOBS_COMPILER_H
#define PLAIN_JOBS_COMPILER_H

#define PLAIN_EXPORT       __attribute__((visibility("default")))
#define PLAIN_MUST_USE     __attribute__((warn_unused_result))
#define PLAIN_MAYBE_UNUSED __attribute__((unused))
#define PLAIN_PRINTF(f, a) __attribute__((format(printf, f, a)))

#endif
