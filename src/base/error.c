#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/pj_codes.h"
#include "base/text.h"

_Static_assert(sizeof(plain_error) == 1024, "plain_error is 1,024 bytes for ever");

static const struct code_row {
    const char *name;
    int code;
    bool retryable;
    int exit_code;
} code_rows[] = {{"PLAIN_OK", PLAIN_OK, false, 0},
                 {"PLAIN_SKIPPED", PLAIN_SKIPPED, false, 6},
                 {"PLAIN_NONE", PLAIN_NONE, false, 0},
#define CODE_ROW(name, number, text, retryable, exit_code)                                         \
    {"PLAIN_E_" #name, (number), (retryable), (exit_code)},
                 PLAIN_ERROR_MAP(CODE_ROW)
#undef CODE_ROW
};

static const struct code_row unknown_code = {"PLAIN_E_?", 0, false, 1};

static const struct code_row *find_code(int code)
{
    for (size_t i = 0; i < ARRAY_SIZE(code_rows); i++) {
        if (code_rows[i].code == code)
            return &code_rows[i];
    }
    return &unknown_code;
}

const char *plain_error_name(int code)
{
    return find_code(code)->name;
}

int error_exit_code(int code)
{
    return find_code(code)->exit_code;
}

const struct pj_code *pj_all(size_t *count)
{
    *count = ARRAY_SIZE(pj_codes);
    return pj_codes;
}

const struct pj_code *pj_find(int number)
{
    for (size_t i = 0; i < ARRAY_SIZE(pj_codes); i++) {
        if (pj_codes[i].number == number)
            return &pj_codes[i];
    }
    return NULL;
}

enum { PJ_SYSTEM_REFUSED = 705 };

/* Long enough that what is cut off here would not have fitted into any field. */
enum { RAW_SIZE = 1024 };

static void format(char raw[RAW_SIZE], const char *fmt, va_list ap) PLAIN_PRINTF(2, 0);
static void format(char raw[RAW_SIZE], const char *fmt, va_list ap)
{
    if (vsnprintf(raw, RAW_SIZE, fmt, ap) < 0)
        raw[0] = '\0';
}

/* Writes one line of valid UTF-8: a message must not look like two in a log or move a cursor. */
static void put_line(char *dst, size_t size, const char *src)
{
    (void)utf8_clean(dst, size, src, strlen(src));
    for (char *p = dst; *p; p++) {
        if ((*p > 0 && *p < ' ') || *p == 0x7F)
            *p = ' ';
    }
}

/* Writes a line that ends in the whole of tail, whatever has to be cut off the text before it. */
static void put_line_ending(char *dst, size_t size, const char *text, const char *tail)
{
    size_t room = size - strlen(tail);

    put_line(dst, room, text);
    size_t used = strlen(dst);
    put_line(dst + used, size - used, tail);
}

static const char *default_fix(int pj)
{
    const struct pj_code *row = pj_find(pj);

    return row ? row->fix : "";
}

/* What helps depends on the system's reason, where that is a common one. */
static const struct errno_fix {
    int number;
    const char *fix;
} errno_fixes[] = {
    {ENOENT, "check the path: there is nothing of that name, a folder on the way is missing, or a "
             "script's #! line names what is not there"},
    {ENOTDIR, "check the path: something on the way is no folder"},
    {EISDIR, "check the path: it is a folder"},
    {EACCES, "check who may read, write or run it, and each folder on the way (`namei -l PATH`)"},
    {EPERM, "check who may do that: the owner of the file, or root"},
    {EROFS, "choose another folder: this file system is read-only"},
    {ENOSPC, "make room (`df -h .`, `df -i .`)"},
    {EDQUOT, "make room: the user's quota is used up"},
    {EMFILE, "raise the limit of open files (`ulimit -n`)"},
    {ENOEXEC, "begin the file with a #! line, such as #!/bin/sh"},
};

static const char *find_errno_fix(int number)
{
    for (size_t i = 0; i < ARRAY_SIZE(errno_fixes); i++) {
        if (errno_fixes[i].number == number)
            return errno_fixes[i].fix;
    }
    return NULL;
}

/* Fills *err anew. The texts may lie in *err itself, as when an error is passed on. */
static void fill(plain_error *err, int code, int pj, const char *field, const char *text,
                 const char *tail)
{
    plain_error e = {.code = code, .pj = pj, .retryable = find_code(code)->retryable};

    put_line(e.field, sizeof(e.field), field);
    put_line_ending(e.message, sizeof(e.message), text, tail);
    put_line(e.fix, sizeof(e.fix), default_fix(pj));
    *err = e;
}

int error_setv(plain_error *err, int code, int pj, const char *field, const char *fmt, va_list ap)
{
    char raw[RAW_SIZE];

    if (err) {
        format(raw, fmt, ap);
        fill(err, code, pj, field, raw, "");
    }
    return code;
}

int error_set(plain_error *err, int code, int pj, const char *field, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    (void)error_setv(err, code, pj, field, fmt, ap);
    va_end(ap);
    return code;
}

int error_set_errno(plain_error *err, int code, int pj, const char *field, int error_number,
                    const char *fmt, ...)
{
    enum { REASON_SIZE = 128 };
    char raw[RAW_SIZE];
    char reason[REASON_SIZE] = ": ";
    va_list ap;

    if (!err)
        return code;
    va_start(ap, fmt);
    format(raw, fmt, ap);
    va_end(ap);
    if (strerror_r(error_number, reason + 2, sizeof(reason) - 2) != 0)
        (void)snprintf(reason, sizeof(reason), ": error %d", error_number);
    fill(err, code, pj, field, raw, reason);
    err->native = error_number;
    const char *fix = pj == PJ_SYSTEM_REFUSED ? find_errno_fix(error_number) : NULL;
    if (fix)
        put_line(err->fix, sizeof(err->fix), fix);
    return code;
}

void error_fix(plain_error *err, const char *fmt, ...)
{
    char raw[RAW_SIZE];
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    format(raw, fmt, ap);
    va_end(ap);
    put_line(err->fix, sizeof(err->fix), raw);
}

void error_prefix(plain_error *err, const char *fmt, ...)
{
    char raw[RAW_SIZE];
    char old[sizeof(err->message)];
    va_list ap;

    if (!err)
        return;
    va_start(ap, fmt);
    format(raw, fmt, ap);
    va_end(ap);
    (void)text_copy(old, sizeof(old), err->message);
    put_line(err->message, sizeof(err->message), raw);
    size_t used = strlen(err->message);
    put_line(err->message + used, sizeof(err->message) - used, old);
}

int error_nomem(plain_error *err)
{
    return error_set(err, PLAIN_E_NOMEM, 704, "", "out of memory");
}
