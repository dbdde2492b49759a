/*
 * backtrace.h - the call stack as text, one frame a line: "  #0 welcome_user_run+0x1f
 * (app/jobs.so)"
 *
 * By libunwind, which needs no debugger and works in a signal handler (it takes no memory from the
 * heap there). Names come from the symbol tables; a static function without one is shown by its
 * module and offset, which addr2line understands.
 */
#ifndef PLAIN_CORE_BACKTRACE_H
#define PLAIN_CORE_BACKTRACE_H

#include <stddef.h>

enum { BACKTRACE_FRAMES_MAX = 32 };

/* Frames in the object that is loaded at base are shown under this name, which is copied: a module
 * that was loaded through a descriptor has no name of its own. At most BACKTRACE_MODULES_MAX; later
 * ones are ignored. Before any thread is started. */
void backtrace_name_object(const void *base, const char *name);
enum { BACKTRACE_MODULES_MAX = 64 };

/* Writes the stack of the caller, without its `skip` innermost frames, NUL-terminated into out.
 * Async-signal-safe enough for a process that is about to die. Returns the bytes written. */
size_t backtrace_write(char *out, size_t size, int skip);

#endif
