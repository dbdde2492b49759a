"""Folders that are full or read-only, and a disk that fills up while a worker runs."""
import contextlib
import os
import signal
import subprocess

import pytest

from marks import on_one_store, on_sqlite
from program import Plain
from verify import assert_sound
from workers import living_in, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="stress: only root may mount")


@contextlib.contextmanager
def small_disk(path, size, *options):
    path.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join((f"size={size}", "mode=700", *options)),
                    "none", path], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


def fill(path):
    """Not a byte is left."""
    with open(path, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0" * 65536):
            pass
    with open(path, "ab", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"\0"):
            pass
    return path


@on_one_store
def test_a_worker_whose_folder_is_full_says_so_and_takes_nothing(db, plain, module):
    uuids = plain.enqueue("TraceJob", "--count", 3)
    with small_disk(plain.folder / "plain.db-workers", "16k") as folder:
        full = fill(folder / "filler")
        done = plain.fails(1, 622, "jobs", "worker", "--drain")
        assert "plain.db-workers" in done.stderr and "No space left on device" in done.stderr
        assert db.count("jobrequest") == 3 and db.count("workerheartbeat") == 0
        assert os.listdir(folder) == ["filler"], "what was begun is left"
        full.unlink()
    plain.drain()
    assert_sound(db, uuids, plain.folder / "trace.log")


@on_one_store
def test_a_worker_whose_folder_is_read_only_says_so_and_takes_nothing(db, plain, module):
    uuids = plain.enqueue("TraceJob", "--count", 3)
    with small_disk(plain.folder / "plain.db-workers", "16k", "ro"):
        done = plain.fails(1, 622, "jobs", "worker", "--drain")
        assert "plain.db-workers" in done.stderr and "Read-only file system" in done.stderr
        assert db.count("jobrequest") == 3 and db.count("workerheartbeat") == 0
    plain.drain()
    assert_sound(db, uuids, plain.folder / "trace.log")


@on_sqlite
def test_a_disk_that_is_full_for_a_while_loses_nothing(folder, test_module, database_of_test, db):
    """Enqueues are refused, ends are kept until there is space; nothing is repeated."""
    app = folder / "app"
    app.mkdir()
    os.link(test_module, app / "jobs.so")
    with small_disk(folder / "small", "4m") as disk:
        here = type(db)(disk / "plain.db")
        plain = Plain(folder, here.url)
        plain("migrate")
        uuids = plain.enqueue("TraceJob", "ms=1500", "--count", 4, "--retries", 1)
        worker = plain.start("jobs", "worker", "--max-processes", 4, start_new_session=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=open(folder / "worker.log", "wb"))
        trace = folder / "trace.log"
        try:
            wait_until(lambda: trace.exists() and trace.read_text().count("S") == 4, "all to run")
            filler = fill(disk / "filler")
            refused = [plain.run("jobs", "enqueue", "NoopJob") for _ in range(2)]
            wait_until(lambda: trace.read_text().count("E") == 4, "their ends")
            log = folder / "worker.log"
            wait_until(lambda: "full" in log.read_text(), "the worker's words", seconds=15)
            assert worker.poll() is None, log.read_text()
            filler.unlink()
            here.await_results(4)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(30)
        assert here.statuses("TraceJob") == ["SUCCESSFUL"] * 4
        for done in refused:
            assert done.code == 0 or (done.pj and "full" in done.stderr), done
        uuids += [line for done in refused for line in done.lines]
        plain.drain()
        assert_sound(here, uuids, trace)
        wait_until(lambda: not living_in(folder), "the end")
