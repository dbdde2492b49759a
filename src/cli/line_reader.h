/*
 * line_reader.h - the lines of a file that may be anything, one at a time
 *
 *     line_reader_init(lines, 1024);
 *     r = line_reader_open(lines, "-", err);
 *     while (r == PLAIN_OK && (r = line_reader_next(lines, err)) == PLAIN_OK) ...
 *     line_reader_close(lines);
 */
#ifndef PLAIN_CLI_LINE_READER_H
#define PLAIN_CLI_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>

#include <plain/jobs/error.h>

#include "base/buf.h"
#include "base/compiler.h"

enum { LINE_READER_BLOCK = 64 * 1024 };

struct line_reader {
    const char *path; /* for messages: "stdin" or the file's */
    int fd;
    struct buf line;   /* the last line, without its newline; may hold NUL bytes */
    size_t number;     /* its number, from 1 */
    size_t bytes_read; /* of the file so far */
    bool at_end;
    size_t from, to; /* what of the block has not been handed out */
    char block[LINE_READER_BLOCK];
};

/* longest: bytes of a line at most. It is large: not for the stack. */
void line_reader_init(struct line_reader *r, size_t longest);

/* path "-" is stdin. PLAIN_E_INVALID (PJ705) when the file cannot be opened. Close it in any case.
 */
int line_reader_open(struct line_reader *r, const char *path, plain_error *err) PLAIN_MUST_USE;
void line_reader_close(struct line_reader *r);

/* Whether the next line has been read from the file: nothing is waited for. */
bool line_reader_has_line(const struct line_reader *r);

/* PLAIN_OK, PLAIN_NONE behind the last line, PLAIN_E_IO (PJ705), or PLAIN_E_INVALID (PJ602) for a
 * line that is too long, behind which reading can go on. */
int line_reader_next(struct line_reader *r, plain_error *err) PLAIN_MUST_USE;

#endif
