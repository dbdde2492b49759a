#include "base/write_all.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

int write_all(int fd, const char *p, size_t n, int patience_ms)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};

    while (n > 0) {
        ssize_t written = write(fd, p, n);

        if (written >= 0) {
            p += written;
            n -= (size_t)written;
        } else if (errno == EAGAIN) {
            if (poll(&room, 1, patience_ms) == 0)
                return ETIMEDOUT;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}
