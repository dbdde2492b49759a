#define _GNU_SOURCE
#include "cli/bench_ear.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "base/uuid.h"
#include "runner/bench_jobs.h"

static int fail(plain_error *err)
{
    return error_set_errno(err, PLAIN_E_IO, 705, "", errno, "a socket for the measurement");
}

int bench_ear_open(struct bench_ear *ear, plain_error *err)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    const int yes = 1;

    (void)snprintf(ear->name, sizeof(ear->name), "plain-bench-%016llx", random_u64());
    (void)text_copy(at.sun_path + 1, sizeof(at.sun_path) - 1, ear->name);
    ear->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (ear->fd < 0)
        return fail(err);
    if (setsockopt(ear->fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes)) == 0 &&
        bind(ear->fd, (struct sockaddr *)&at,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(ear->name))) == 0)
        return PLAIN_OK;
    int r = fail(err);
    bench_ear_close(ear);
    return r;
}

void bench_ear_close(struct bench_ear *ear)
{
    if (ear->fd >= 0)
        (void)close(ear->fd);
    ear->fd = -1;
}

bool bench_ear_take(const struct bench_ear *ear, int64_t number, int64_t *entered_us, pid_t *pid)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(struct ucred))];
    } control;
    struct bench_message message = {0};
    struct iovec part = {&message, sizeof(message)};
    struct msghdr whole = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof(control)};
    struct ucred sender;

    if (recvmsg(ear->fd, &whole, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(message) ||
        message.number != number)
        return false;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&whole);
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_CREDENTIALS)
        return false;
    memcpy(&sender, CMSG_DATA(head), sizeof(sender));
    *entered_us = message.entered_us;
    *pid = sender.pid;
    return true;
}
