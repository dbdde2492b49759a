#include "runner/crash.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"
#include "core/backtrace.h"

enum { CRASH_STACK = 256 * 1024 };

static const int fatal_signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGXCPU};

static struct progress *page;
static pid_t runner;

/* A child that a job forked is not. */
static bool is_runner(void)
{
    return getpid() == runner;
}

/* Called where the process ends, before anything else can set errno. */
static void note_memory(void)
{
    if (errno == ENOMEM && is_runner())
        atomic_store(&page->short_of_memory, 1);
}

/* What stdio holds of stdout. It is a job's last words, and no lock may be taken here; a pointer
 * that the job has spoilt costs an error of write(). */
static void save_stdout(void)
{
#ifdef __GLIBC__
    if (stdout->_IO_write_ptr > stdout->_IO_write_base)
        (void)!write(STDOUT_FILENO, stdout->_IO_write_base,
                     (size_t)(stdout->_IO_write_ptr - stdout->_IO_write_base));
#endif
}

static void on_fatal(int number)
{
    static volatile sig_atomic_t once;

    if (!once && is_runner()) {
        once = 1;
        note_memory();
        save_stdout();
        (void)backtrace_write(page->crash, sizeof(page->crash),
                              3); /* without itself, us and the signal's frame */
    }
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

void crash_install(struct progress *progress)
{
    void *memory = mmap(NULL, CRASH_STACK, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    stack_t stack = {.ss_sp = memory, .ss_size = CRASH_STACK};
    struct sigaction action = {.sa_handler = on_fatal, .sa_flags = SA_ONSTACK | SA_NODEFER};

    page = progress;
    runner = getpid();
    (void)atexit(note_memory);
    if (memory == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
        action.sa_flags &= ~SA_ONSTACK;
    for (size_t i = 0; i < ARRAY_SIZE(fatal_signals); i++)
        (void)sigaction(fatal_signals[i], &action, NULL);
}

#if defined(__SANITIZE_ADDRESS__)
#define CRASH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CRASH_ASAN 1
#endif
#endif

#ifdef CRASH_ASAN
/* A crash must reach the database as such in a sanitizer build too: the signals stay ours. */
const char *__asan_default_options(void);
PLAIN_EXPORT const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:"
           "allow_user_segv_handler=1:use_sigaltstack=0";
}
#endif
