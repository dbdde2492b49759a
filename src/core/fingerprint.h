/*
 * fingerprint.h - one number for failures that are alike
 *
 * Hash of class, error type, the message with its digits, hex numbers and quoted parts left out,
 * and the innermost frame of the call stack: so 1,204 lines of "no response from ... after 30 s"
 * are one.
 */
#ifndef PLAIN_CORE_FINGERPRINT_H
#define PLAIN_CORE_FINGERPRINT_H

#include "base/compiler.h"

enum { FINGERPRINT_SIZE = 17 };

/* 16 hexadecimal digits into out; returns out. error is the whole text with the stack, or NULL. */
const char *fingerprint(const char *job_class, const char *error_type, const char *message,
                        const char *error, char out[FINGERPRINT_SIZE]);

#endif
