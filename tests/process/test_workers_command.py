"""plain jobs workers, quiet, stop."""
import signal
import socket

import pytest

from marks import in_turn, on_one_store
from workers import wait_until

pytestmark = in_turn

FAST = {"PLAIN_JOBS_HEARTBEAT_INTERVAL": "100ms", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "60"}


@pytest.fixture
def worker(plain, module, gate, start_worker):
    plain.env.update(FAST)
    worker = start_worker("--queue", "default", "--queue", "mail*", "--max-processes", 1)
    worker.await_event("Worker registered")
    return worker


def workers_of(plain):
    return plain.json("jobs", "workers")["workers"]


def test_workers_are_shown(db, plain, worker):
    row, = workers_of(plain)
    assert row["host"] == socket.gethostname() and row["pid"] == worker.pid
    assert row["queues"] == ["default", "mail*"] and "NoopJob" in row["classes"]
    assert (row["capacity"], row["running"], row["state"]) == (1, 0, "live")
    assert row["lease_ms"] == 60000 and row["version"]
    assert row["started_at"] <= row["last_heartbeat_at"]
    plain.enqueue("TraceJob", "ms=60000")
    wait_until(lambda: workers_of(plain)[0]["running"] == 1, "the job to be claimed")
    shown = plain("jobs", "workers").lines[1]
    assert row["worker_id"] in shown and "1/1" in shown and "live" in shown
    worker.kill()
    db.execute("UPDATE plainjobs_workerheartbeat SET lease_ms = 1")
    wait_until(lambda: workers_of(plain)[0]["state"] == "stale", "its lease to end")


def test_nobody_works(db, plain):
    assert workers_of(plain) == []
    assert "plain jobs worker" in plain("jobs", "workers").stderr


def test_a_worker_that_got_a_signal_is_stopping(db, plain, module, gate, start_worker):
    """It is told at once, not with its next heartbeat, and nobody counts on that worker any more."""
    plain.env.update(PLAIN_JOBS_HEARTBEAT_INTERVAL="1h", PLAIN_JOBS_HEARTBEAT_TIMEOUT="4h")
    worker = start_worker("--max-processes", 1)
    plain.enqueue("gate")
    gate.await_jobs()
    worker.send(signal.SIGTERM)
    wait_until(lambda: workers_of(plain)[0]["state"] == "stopping", "the state")
    (waiting,) = plain.enqueue("NoopJob")
    assert plain.run("jobs", "why", waiting).code == 1
    assert not worker.events("Job worker is quiet")
    gate.open()
    worker.wait()
    assert db.statuses() == ["SUCCESSFUL"] and workers_of(plain) == []


def test_a_quiet_worker_finishes_and_takes_no_more(db, plain, gate, worker):
    plain.enqueue("gate")
    gate.await_jobs()
    plain("jobs", "quiet", f"{socket.gethostname()}:{worker.pid}")
    plain.enqueue("NoopJob")
    worker.await_event("Job worker is quiet")
    gate.open()
    assert db.await_results(1)[0].status == "SUCCESSFUL"
    assert workers_of(plain)[0]["state"] == "quiet"
    assert db.count("jobrequest") == 1
    plain("jobs", "stop", workers_of(plain)[0]["worker_id"])
    worker.wait()
    assert db.count("jobrequest") == 1 and workers_of(plain) == []


def test_a_drain_that_is_made_quiet_ends(db, plain, gate, start_worker):
    plain.enqueue("gate")
    worker = start_worker("--drain", "--max-processes", 1)
    gate.await_jobs()
    plain("jobs", "quiet", f"{socket.gethostname()}:{worker.pid}")
    plain.enqueue("gate")
    worker.await_event("Job worker is quiet")
    gate.open()
    worker.wait()
    assert db.statuses() == ["SUCCESSFUL"] and db.count("jobrequest") == 1


def test_what_was_asked_while_its_lease_was_over_is_heeded(db, plain, module, start_worker):
    """It comes back under another id, and who asked knew the old one."""
    plain.env.update({**FAST, "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "1500ms"})
    worker = start_worker("--max-processes", 1)
    worker.await_event("Worker registered")
    worker.pause(db)
    wait_until(lambda: workers_of(plain)[0]["state"] == "stale", "the end of its lease")
    plain("jobs", "quiet", workers_of(plain)[0]["worker_id"])
    plain.enqueue("NoopJob")
    worker.send(signal.SIGCONT)
    worker.await_event("Worker lost its lease")
    worker.await_event("Job worker is quiet")
    worker.stop()
    assert db.count("jobrequest") == 1 and db.results() == []


def test_a_stopped_worker_ends_gracefully(db, plain, gate, worker):
    plain.enqueue("gate")
    gate.await_jobs()
    asked = plain.json("jobs", "stop", workers_of(plain)[0]["worker_id"][-8:])
    assert asked["asked"] == "stop"
    worker.await_event("Job worker shutdown requested")
    gate.open()
    worker.wait()
    assert db.statuses() == ["SUCCESSFUL"] and workers_of(plain) == []


@on_one_store
@pytest.mark.parametrize("name", ["nobody", "", "00000000-0000-7000-8000-000000000000", "host:1"])
def test_an_unknown_worker(db, plain, name):
    for command in ("quiet", "stop"):
        plain.fails(3, 205, "jobs", command, name)
