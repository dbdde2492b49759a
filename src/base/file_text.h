/*
 * file_text.h - a small file of the kernel's, /proc and its kin, as text
 */
#ifndef PLAIN_BASE_FILE_TEXT_H
#define PLAIN_BASE_FILE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reads the file from its beginning into out, at most size - 1 bytes, and ends them with NUL: what
 * is longer is cut. False, with out "", when it cannot be read; errno says why. */
bool file_text(const char *path, char *out, size_t size);

/* The number, 0 or more, that such a text begins with; -1: none, as "max" is none. */
int64_t file_text_number(const char *text);

#endif
