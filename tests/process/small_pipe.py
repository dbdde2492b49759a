"""A pipe that is full soon: of one page."""
import contextlib
import fcntl
import os
import select

from workers import wait_until

ROOM = 4096


@contextlib.contextmanager
def small_pipe():
    """Its two ends as files, closed behind."""
    ours, its = os.pipe()
    fcntl.fcntl(its, fcntl.F_SETPIPE_SZ, ROOM)
    with os.fdopen(ours, "rb") as reader, os.fdopen(its, "wb") as writer:
        yield reader, writer


def await_full(writer):
    wait_until(lambda: not select.select([], [writer], [], 0)[1], "the pipe to be full")
