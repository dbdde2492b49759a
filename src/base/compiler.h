/* compiler.h - attributes for code inside src/; see plain/jobs/compiler.h for the public ones */
#ifndef PLAIN_BASE_COMPILER_H
#define PLAIN_BASE_COMPILER_H

#include <plain/jobs/compiler.h>

/* Calls f(&variable) when the variable goes out of scope. */
#define PLAIN_CLEANUP(f) __attribute__((cleanup(f)))

#define PLAIN_NORETURN __attribute__((noreturn))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
