"""An application that enqueues in its own transaction, and dies or lives."""
import contextlib
import shutil
import signal
import subprocess

import pytest

from marks import on_postgres, only_at_full_size
from program import TREE, clean_environment
from verify import assert_sound
from workers import wait_until


@pytest.fixture
def application(db, plain, build_c):
    """application("k") begins, enqueues and waits."""
    program = build_c("adopted.c")
    with contextlib.ExitStack() as stack:
        def start(key):
            started = stack.enter_context(subprocess.Popen(
                [program, db.url, key], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                env=clean_environment(plain.folder)))
            stack.callback(started.kill)
            return started
        yield start


def test_killed_between_enqueue_and_commit_leaves_nothing(db, plain, application):
    for _ in range(3):
        killed = application("k")
        assert killed.stdout.readline() == "enqueued\n"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        wait_until(lambda: db.count("jobkey") == 0, "the server to notice")
        assert db.count("jobrequest") == db.count("jobkey") == 0
    assert_sound(db)
    plain("jobs", "enqueue", "NoopJob", "--unregistered", "--key", "k")  # the key is free


def test_a_commit_is_run_and_not_before(db, application, module, start_worker):
    living = application("k")
    assert living.stdout.readline() == "enqueued\n"
    if db.kind == "postgres":  # SQLite's worker would wait for the writer
        start_worker("--drain").wait()
    assert db.statuses() == []
    living.communicate("\n")
    assert living.returncode == 0
    start_worker("--drain").wait()
    assert db.statuses() == ["SUCCESSFUL"]
    assert db.count("jobkey") == 0
    assert_sound(db)


def test_the_example_of_a_shop_on_this_database(empty_db, folder, reader):
    done = subprocess.run([TREE / "examples/transactions/run"], cwd=folder, capture_output=True,
                          text=True, timeout=100, env={**reader, "DATABASE_URL": empty_db.url}
                          if empty_db.kind == "postgres" else reader)
    assert done.returncode == 0, done.stdout + done.stderr


@only_at_full_size("the server waits for a minute")
@on_postgres
def test_a_producer_that_stands_still_does_not_keep_its_locks(db, plain, build_module):
    """A rule that hangs has the lock of its class and key: the server ends that transaction."""
    (plain.folder / "app").mkdir()
    shutil.copy(build_module("hanging_rule.c", CPPFLAGS="-D_GNU_SOURCE"), plain.folder / "app/jobs.so")
    (plain.folder / "hang").touch()
    hanging = plain.start("jobs", "enqueue", "RuledJob", "--key", "k", stderr=-1)
    try:
        wait_until(lambda: db.query("SELECT 1 AS n FROM pg_locks WHERE locktype = 'advisory'"), "its lock")
        (plain.folder / "hang").unlink()
        assert plain.run("jobs", "enqueue", "RuledJob", "--key", "k").pj == 305
        wait_until(lambda: plain.run("jobs", "enqueue", "RuledJob", "--key", "k").code == 0,
                   "the lock", seconds=90)
        assert hanging.poll() is None
    finally:
        hanging.kill()
        hanging.communicate()
    assert db.count("jobrequest") == 1
