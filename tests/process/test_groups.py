"""Runners in control groups of their own, in a group of this machine that is marked as delegated.

A tree without controllers can do all of it but limit memory, which tests/runner/own_group_test.c
shows on files that imitate one. Where no group can be made these tests show instead that a worker
falls back, and says why.
"""
import os
import pathlib
import signal
import uuid

import pytest

from marks import on_one_store
from workers import is_alive, wait_until

pytestmark = on_one_store

DAEMON = """#!/usr/bin/python3
import os, time
for _ in range(2):
    if os.fork():
        while {0} or not os.path.exists("daemon.pid"):
            time.sleep(0.05)
        os._exit(0)
    os.setsid()
with open("daemon.pid.new", "w") as out:
    out.write(str(os.getpid()))
os.rename("daemon.pid.new", "daemon.pid")
for fd in range(3):
    os.close(fd)
time.sleep(100)
"""


def own_tree():
    """Where version 2 is mounted and this process stands in it; None without it."""
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            return pathlib.Path(before.split()[4])
    return None


class Group:
    """A group of ours that says it is delegated; path is None where there can be none."""

    def __init__(self):
        self.path = None
        tree = own_tree()
        path = tree / f"plain-test-{uuid.uuid4().hex[:12]}" if tree else None
        try:
            if path:
                path.mkdir()
                self.path = path
                os.setxattr(path, "user.delegate", b"1")
        except OSError:
            self.remove()

    def names(self):
        return sorted(entry.name for entry in self.path.iterdir() if entry.is_dir())

    def pids(self, name):
        return [int(pid) for pid in (self.path / name / "cgroup.procs").read_text().split()]

    def runners(self):
        return [name for name in self.names() if name.startswith("plain-runner.")]

    def remove(self):
        if self.path:
            for name in self.names():
                (self.path / name / "cgroup.kill").write_text("1")
                wait_until(lambda: not self.pids(name), "the end of a group")
                (self.path / name).rmdir()
            self.path.rmdir()
        self.path = None


@pytest.fixture
def group(plain, request):
    """Every worker of this test starts in it."""
    made = Group()
    made.properties = request.node.user_properties
    if made.path:
        enter = plain.folder / "enter"
        enter.write_text(f'#!/bin/sh\necho $$ >{made.path}/cgroup.procs\nexec {plain.program} "$@"\n')
        enter.chmod(0o755)
        plain.program = enter
    yield made
    made.remove()


def limits_of(worker):
    (record,) = worker.await_event("Job limits")
    return record


def falls_back(group, worker):
    """True, and shown to be so, where this machine has no group for us."""
    record = limits_of(worker)
    if group.path:
        assert record["processes"] == "control group"
        assert record["memory"] == "control group" or record["reason"]
        return False
    assert (record["memory"], record["processes"]) == ("rlimit", "process group")
    assert "control group" in record["reason"]
    group.properties.append(("falls back", "it has no control group for us"))
    worker.stop()
    return True


def test_each_runner_has_a_group_and_nothing_of_them_stays(db, plain, module, group, start_worker):
    plain.enqueue("NoopJob", "--count", 20)
    worker = start_worker("--max-processes", 2)
    if falls_back(group, worker):
        return
    db.await_results(20)
    wait_until(lambda: len(worker.runners()) == 2, "both runners")
    names = group.names()
    (own,) = [name for name in names if name.startswith("plain-worker.")]
    assert group.pids(own) == [worker.pid]
    tag = own.removeprefix("plain-worker.")
    assert group.runners() == [f"plain-runner.{tag}.1", f"plain-runner.{tag}.2"]
    assert sorted(pid for name in group.runners() for pid in group.pids(name)) == sorted(
        worker.runners())
    worker.stop()
    assert group.names() == []


def test_a_runner_that_is_replaced_gets_another_group(db, plain, module, group, start_worker):
    plain.enqueue("NoopJob", "--count", 20)
    worker = start_worker("--max-processes", 1, "--max-jobs-per-process", 5)
    if falls_back(group, worker):
        return
    db.await_results(20)
    wait_until(lambda: [int(name.rpartition(".")[2]) >= 5 for name in group.runners()] == [True],
               "the fifth alone")
    worker.stop()


def daemon_of(plain):
    path = plain.folder / "daemon.pid"
    wait_until(path.exists, "the daemon")
    return int(path.read_text())


@pytest.mark.parametrize("end", ["job", "runner", "timeout"])
def test_what_a_job_has_made_a_daemon_ends_with_its_runner(db, plain, module, group, start_worker,
                                                           end):
    """It is in no process group of ours, and has none of our descriptors."""
    plain.add_executable("daemon", DAEMON.format(end != "job"))
    plain.env.update(PLAIN_JOBS_STOP_GRACE="0.2")
    plain.enqueue("daemon", *(["--timeout", "5"] if end == "timeout" else []))
    worker = start_worker("--max-processes", 1, "--max-jobs-per-process", 1)
    if falls_back(group, worker):
        return
    pid = daemon_of(plain)
    if end == "runner":
        os.kill(worker.runners()[0], signal.SIGKILL)
    db.await_results(1)
    wait_until(lambda: not is_alive(pid), "the daemon's end", seconds=5)
    assert db.statuses() == [{"job": "SUCCESSFUL"}.get(end, "LOST")]
    worker.stop()


def test_what_a_killed_worker_left_is_ended_by_the_next(db, plain, module, group, start_worker):
    plain.add_executable("daemon", DAEMON.format(True))
    plain.enqueue("daemon")
    worker = start_worker("--max-processes", 1)
    if falls_back(group, worker):
        return
    pid = daemon_of(plain)
    left = group.names()
    os.kill(worker.pid, signal.SIGKILL)
    worker.process.wait()
    plain.drain("--max-processes", 1)
    wait_until(lambda: not is_alive(pid), "the daemon's end", seconds=5)
    plain.drain("--max-processes", 1)  # what was still ending is removed now
    assert not set(left) & set(group.names())
    assert db.statuses() == ["LOST"]


def test_two_workers_share_a_group(db, plain, module, group, start_worker):
    """Neither takes the other's for a dead one's."""
    first = start_worker("--max-processes", 1)
    if falls_back(group, first):
        return
    wait_until(first.runners, "a runner")
    second = start_worker("--max-processes", 1)
    wait_until(second.runners, "another")
    runners = first.runners() + second.runners()
    assert sorted(pid for name in group.runners() for pid in group.pids(name)) == sorted(runners)
    first.stop()
    plain.enqueue("NoopJob")
    db.await_results(1)
    second.stop()
    assert group.names() == []


def test_a_worker_that_stands_still_loses_the_daemons_too(db, plain, module, group, start_worker):
    """The runner's own guard kills its group when the lease is over."""
    plain.env.update(PLAIN_JOBS_HEARTBEAT_INTERVAL="0.2", PLAIN_JOBS_HEARTBEAT_TIMEOUT="3")
    plain.add_executable("daemon", DAEMON.format(True))
    plain.enqueue("daemon")
    worker = start_worker("--max-processes", 1)
    if falls_back(group, worker):
        return
    pid = daemon_of(plain)
    worker.send(signal.SIGSTOP)
    wait_until(lambda: not is_alive(pid), "the daemon's end")
    worker.send(signal.SIGCONT)
    worker.stop()


BUSY_CHILDREN = """#!/bin/sh
for i in 1 2 3 4 5 6 7 8 9 10; do
    python3 -c 'import time
while time.process_time() < 0.3: pass'
done
"""


def test_a_cpu_limit_counts_all_processes_of_an_executable(db, plain, group, start_worker):
    """None of them alone uses what the limit is."""
    (plain.folder / "plain.conf").write_text('job busy {\n    cpu_limit = "500ms"\n}\n')
    plain.add_executable("busy", BUSY_CHILDREN)
    plain.enqueue("busy")
    worker = start_worker("--max-processes", 1)
    if falls_back(group, worker):
        return
    db.await_results(1)
    row = db.one("jobresult")
    assert (row.status, row.error_type) == ("LOST", "CpuLimit")
    assert row.error_message == "CPU limit of 0.5 s reached"
    plain.enqueue("busy")  # the runner lives on
    db.await_results(2)
    assert len({row.runner_pid for row in db.results()}) == 1
    worker.stop()


