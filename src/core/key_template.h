/*
 * key_template.h - concurrency keys made of parameters: "user-{user_id}"
 *
 * {name} stands for the parameter as text (see param_text.h), and for nothing when an optional one
 * is absent; {{ and }} stand for the braces themselves.
 */
#ifndef PLAIN_CORE_KEY_TEMPLATE_H
#define PLAIN_CORE_KEY_TEMPLATE_H

#include <stddef.h>

#include <plain/jobs/class.h>
#include <plain/jobs/error.h>

#include "base/compiler.h"

/* PJ202 for a brace without its other half and for a name that is no parameter of the class. */
int key_template_check(const char *text, const plain_job_class *cls,
                       plain_error *err) PLAIN_MUST_USE;

/* Writes the key for these parameters as snprintf does, for a text that passed the check; negative
 * when memory is out. */
int key_template_render(const char *text, const plain_job_class *cls, const void *params, char *out,
                        size_t size);

#endif
