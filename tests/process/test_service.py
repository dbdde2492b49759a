"""A worker as a service: what it tells its manager, the unit, and every signal in every moment."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from marks import in_turn, on_one_store
from program import TREE
from verify import assert_sound
from workers import left_in, living_in, wait_until

pytestmark = in_turn

UNIT = TREE / "packaging/plain-jobs-worker.service"


@contextlib.contextmanager
def manager(address):
    """The socket of a service manager, and what was sent to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.bind(address)
        s.settimeout(20)
        yield s


def hear(s, word, within=20):
    """The datagrams up to the one with word."""
    deadline = time.monotonic() + within
    heard = []
    while not any(word in text for text in heard):
        assert time.monotonic() < deadline, heard
        heard.append(s.recv(4096).decode())
    return heard


@on_one_store
@pytest.mark.parametrize("abstract", [False, True])
def test_the_manager_is_told(db, plain, module, folder, start_worker, abstract):
    name = f"@plain-test-{os.getpid()}" if abstract else f"{folder}/notify"
    with manager(name.replace("@", "\0")) as s:
        plain.env.update(NOTIFY_SOCKET=name, WATCHDOG_USEC="400000")
        plain.add_executable("env", "#!/bin/sh\nenv >env.log\n")
        plain.enqueue("env")
        worker = start_worker("--max-processes", 1)
        ready = hear(s, "READY=1")[-1]
        assert ready.splitlines()[1].startswith("STATUS=1 runners")
        db.await_results(1)  # not while datagrams are heard: the socket holds ten
        for _ in range(3):
            hear(s, "WATCHDOG=1", within=10)
        worker.send(signal.SIGTERM)
        assert "STATUS=stopping" in hear(s, "STOPPING=1")[-1]
        worker.wait()
    told = (folder / "env.log").read_text()
    assert "NOTIFY_SOCKET" not in told and "WATCHDOG" not in told


@on_one_store
@pytest.mark.parametrize("name", ["", "relative", "/no/such/socket", "@" + "x" * 200, "@"])
def test_a_manager_that_is_not_there_is_no_reason_to_fail(db, plain, module, name):
    plain.env.update(NOTIFY_SOCKET=name, WATCHDOG_USEC="nonsense", WATCHDOG_PID="1")
    plain.enqueue("NoopJob")
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]


def test_the_unit_is_in_order():
    """systemd-analyze says so where there is one; the settings that stopping rests on always."""
    text = UNIT.read_text()
    settings = dict(line.split("=", 1) for line in text.splitlines() if "=" in line
                    and not line.startswith(("#", "Environment=")))
    assert settings["KillMode"] == "mixed" and settings["Type"] == "notify"
    grace = int(text.split("PLAIN_JOBS_SHUTDOWN_GRACE=")[1].split()[0])
    assert int(settings["TimeoutStopSec"].rstrip("s")) > grace + 2 * 5
    assert settings["Delegate"] == "memory" and settings["ProtectControlGroups"] == "no"
    assert "mincore" in settings["SystemCallFilter"].split()  # else no job can say why it fails
    assert settings["SystemCallErrorNumber"] == "EPERM"
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", UNIT], capture_output=True, text=True)
        problems = [line for line in done.stderr.splitlines() if "plain-jobs-worker" in line
                    and "Command plain is not executable" not in line]
        assert not problems, done.stderr


# ---- signals ----

SIGNALS = {"TERM": [signal.SIGTERM], "INT": [signal.SIGINT],
           "TERM TERM": [signal.SIGTERM] * 2, "INT INT": [signal.SIGINT] * 2,
           "TERM INT": [signal.SIGTERM, signal.SIGINT], "five TERM": [signal.SIGTERM] * 5}


def moment_of_claims(plain, worker, db):
    """While short jobs are claimed and ended all the time."""
    wait_until(lambda: len(db.results()) > 20, "some jobs to end")


def moment_of_work(plain, worker, db):
    """While every runner has a job that lasts."""
    wait_until(lambda: (plain.folder / "trace.log").exists() and
               (plain.folder / "trace.log").read_text().count("S ") >= 2, "jobs to run")


def moment_of_drain(plain, worker, db):
    """While it stops already."""
    moment_of_work(plain, worker, db)
    worker.send(signal.SIGTERM)
    worker.await_event("Job worker shutdown requested")


MOMENTS = {"claims": (moment_of_claims, 1), "work": (moment_of_work, 600),
           "drain": (moment_of_drain, 600)}
# By turns: every signal, every moment, to the process and to the group, on both databases.
MATRIX = [(name, moment, number // 2 % 2 == 1) for number, (name, moment) in enumerate(
    (name, moment) for name in SIGNALS for moment in MOMENTS)]


@pytest.mark.parametrize("name, moment, group", MATRIX[::2])
@on_one_store
def test_nothing_is_lost_whatever_is_sent(db, plain, module, folder, start_worker, name, moment,
                                          group):
    stop_somewhere(db, plain, folder, start_worker, name, moment, group)


@pytest.mark.parametrize("store", ["postgres"], indirect=True)
@pytest.mark.parametrize("name, moment, group", MATRIX[1::2])
def test_nothing_is_lost_on_the_other_database(db, plain, module, folder, start_worker, name,
                                               moment, group):
    stop_somewhere(db, plain, folder, start_worker, name, moment, group)


def stop_somewhere(db, plain, folder, start_worker, name, moment, group):
    """At the end there is no process, no claimed job, no worker's row, and every job is back, as it
    was, or has its end: none is CANCELLED, and what may run twice is not LOST."""
    wait, ms = MOMENTS[moment]
    uuids = plain.enqueue("TraceJob", f"ms={ms}", "--count", 300 if ms == 1 else 6, "--retries", 1)
    worker = start_worker("--max-processes", 2)
    wait(plain, worker, db)
    for n, number in enumerate(SIGNALS[name], 1):  # of two that wait one would be left
        with contextlib.suppress(ProcessLookupError):
            (worker.send_to_group if group else worker.send)(number)
        wait_until(lambda: worker.process.poll() is not None or n <= len(
            worker.events("Job worker shutdown signal received")), f"signal {n}")
    worker.wait()
    assert not left_in(folder) and not living_in(folder)
    assert db.count("jobprocess") == 0 and db.count("workerheartbeat") == 0
    assert set(db.statuses()) <= {"SUCCESSFUL"}
    back = db.rows("jobrequest")
    assert {row.retry_attempt for row in back} <= {0}
    assert sorted([row.job_request_uuid for row in db.results()]
                  + [row.uuid for row in back]) == sorted(uuids)
    assert_sound(db, uuids)


def test_the_grace_of_a_shutdown_is_kept(db, plain, stops, folder, gate, start_worker):
    """What ends within it keeps its end; then what may run twice goes back, and the rest is LOST."""
    plain.env["PLAIN_JOBS_SHUTDOWN_GRACE"] = "3"
    (twice,) = plain.enqueue("StopJob", "how=ignore", "--retries", 1)
    (once,) = plain.enqueue("StopJob", "how=ignore")
    (short,) = plain.enqueue("gate")
    worker = start_worker("--max-processes", 3)
    gate.await_jobs()
    wait_until(lambda: (folder / "running").exists()
               and len((folder / "running").read_text().splitlines()) == 2, "all to run")
    worker.send(signal.SIGTERM)
    worker.await_event("Job worker shutdown requested")
    gate.open()
    worker.wait()
    assert worker.events("Job worker shutdown grace is over")
    assert {row.job_request_uuid: row.status for row in db.results()} == {
        once: "LOST", short: "SUCCESSFUL"}
    assert [row.uuid for row in db.rows("jobrequest")] == [twice]
    assert_sound(db, [twice, once, short])
