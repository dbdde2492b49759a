"""make demo's program, examples/demo/run: without a terminal, on one, and with a broken job."""
import os
import pty
import re
import select
import shutil
import subprocess
import time
import urllib.request

import pytest

from program import TREE, clean_environment, program_path
from workers import living_in, wait_until


@pytest.fixture
def demo(folder):
    """run() in a folder of its own, with a copy of the example that may be broken."""
    example = folder / "example"
    shutil.copytree(TREE / "examples/demo", example)

    class Demo:
        env = clean_environment(folder, PLAIN=str(program_path()),
                                CPPFLAGS=f"-I{TREE}/include")

        @staticmethod
        def run():
            return subprocess.run([example / "run"], cwd=folder, env=Demo.env, text=True,
                                  stdin=subprocess.DEVNULL, capture_output=True, timeout=120)

        @staticmethod
        def write(name, text):
            (example / name).write_text(text)
    Demo.example = example
    return Demo


def test_without_a_terminal_it_prints_the_results(demo, folder):
    for turn in (1, 2):
        done = demo.run()
        assert done.returncode == 0, done
        rows = [line.split() for line in done.stdout.splitlines()[1:]]
        assert sorted(row[1:3] for row in rows) == [
            ["ERRORED", "flaky"], ["SUCCESSFUL", "WelcomeUserJob"],
            ["SUCCESSFUL", "WelcomeUserJob"], ["SUCCESSFUL", "flaky"],
            ["SUCCESSFUL", "thumbnail"]], done.stdout
    spool = folder / "demo/spool"
    assert "Willkommen" in (spool / "welcome-43.txt").read_text()
    assert (spool / "cat.png.thumbnail").exists()
    assert not list(spool.glob("flaky-*"))


@pytest.mark.parametrize("name, text, word", [
    ("jobs.d/thumbnail", "#!/bin/sh\nexit 1\n", "thumbnail: expected SUCCESSFUL"),
    ("jobs.d/flaky", "#!/bin/sh\nexit 7\n", "flaky: expected"),
    ("jobs.d/flaky", "#!/bin/sh\nexit 0\n", "flaky: expected"),
    ("app/jobs.c", "int broken", "error"),
    ("app/jobs.c", '#include <plain/jobs.h>\nPLAIN_REGISTER_JOBS(NULL);\n', "WelcomeUserJob"),
])
def test_a_broken_job_is_noticed(demo, name, text, word):
    demo.write(name, text)
    done = demo.run()
    assert done.returncode != 0, done
    assert word in done.stdout + done.stderr


def test_it_names_the_program_that_is_missing(demo):
    demo.env = demo.env | {"PLAIN": "/no/such/plain"}
    done = subprocess.run([demo.example / "run"], env=demo.env, capture_output=True, text=True,
                          cwd=demo.example)
    assert done.returncode == 1 and "/no/such/plain" in done.stderr


def read_until(terminal, text, word, seconds=60):
    deadline = time.monotonic() + seconds
    while word not in text:
        ready, _, _ = select.select([terminal], [], [], max(0, deadline - time.monotonic()))
        assert ready, f"no '{word}' in\n{text}"
        try:
            text += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the other end is closed
            break
    assert word in text, text
    return text


def test_on_a_terminal_the_worker_runs_until_ctrl_c(demo, folder):
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execve(demo.example / "run", ["run"], demo.env)
    ended = 0
    try:
        text = ""
        for word in ("plain jobs", "demo/plain.db", "Admin    http://127.0.0.1:",
                     "WelcomeUserJob (app/jobs.c)",
                     "change them: they reload", "Ctrl-C stops",
                     "✓ WelcomeUserJob", "✓ thumbnail", "✕ flaky", "✓ flaky"):
            text = read_until(terminal, text, word)
        with urllib.request.urlopen(re.search(r"Admin    (\S+)", text)[1], timeout=30) as page:
            assert "plain jobs" in page.read().decode()
        source = folder / "demo/app/jobs.c"
        source.write_text(source.read_text() + "int broken\n")
        text = read_until(terminal, text, ": error: ")
        source.write_text(source.read_text().replace("int broken\n", "/* mended */\n"))
        read_until(terminal, text, "↻ the new code runs")
        os.write(terminal, b"\x03")
        read_until(terminal, text, "all done, bye")
        ended, status = os.waitpid(pid, 0)
    finally:
        os.close(terminal)  # which ends it, if it is still there
        if not ended:
            os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    wait_until(lambda: not living_in(folder / "demo"), "the end of the demo", seconds=5)
