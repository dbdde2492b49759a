"""A program on a terminal of its own: what is typed, and what is then seen."""
import os
import pty
import re
import select
import signal
import time

CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-B0-9]|\x1b\][^\x07]*\x07|\r")


def on_terminal(command, typed, folder, env, seconds=60):
    """Types text ahead and lets the program end by itself: (what was seen, exit code)."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(command[0], list(map(str, command)), {"TERM": "xterm", **env})
    os.write(terminal, typed.encode())
    seen = read_all(terminal, pid, time.monotonic() + seconds)
    os.close(terminal)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return CONTROL.sub("", seen.decode(errors="replace")), code


def read_all(terminal, pid, deadline):
    seen = b""
    while True:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            os.kill(pid, signal.SIGKILL)
            raise AssertionError(f"still there; seen so far: {seen}")
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux says so when the last program has closed it
            return seen
        if not data:
            return seen
        seen += data
