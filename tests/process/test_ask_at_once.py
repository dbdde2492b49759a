"""quiet and stop act long before the next heartbeat, which stays the backstop."""
import socket

import pytest

from marks import on_postgres
from workers import wait_until

LONG = {"PLAIN_JOBS_HEARTBEAT_INTERVAL": "120", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "400"}
SOON_S = 30  # a bound for a busy machine: a quarter of the interval


@pytest.fixture
def worker(db, plain, module, gate, start_worker):
    plain.env.update(LONG, PLAIN_JOBS_START_AHEAD_MS="1000")
    worker = start_worker("--max-processes", 1)
    worker.await_event("Worker registered")
    return worker


def beat_of(db):
    return db.one("workerheartbeat").last_heartbeat_at


def test_a_quiet_worker_gives_back_at_once(db, plain, gate, worker):
    plain.enqueue("TraceJob", "ms=0", "--count", 50)  # short ones are claimed ahead
    db.await_results(50)
    plain("jobs", "pause", "default")
    plain.enqueue("gate", "--priority", 1)
    plain.enqueue("NoopJob", "--count", 5)
    plain("jobs", "resume", "default")
    wait_until(lambda: db.count("jobprocess") == 6, "all to be claimed")
    gate.await_jobs()
    before = beat_of(db)
    plain("jobs", "quiet", f"{socket.gethostname()}:{worker.pid}")
    worker.await_event("Job worker is quiet", SOON_S)
    wait_until(lambda: db.count("jobrequest") == 5, "what was not entered to go back")
    gate.open()
    assert db.await_results(51)[50].status == "SUCCESSFUL"
    assert (beat_of(db), db.count("jobrequest")) == (before, 5)
    plain("jobs", "stop", f"{socket.gethostname()}:{worker.pid}")
    worker.wait(seconds=SOON_S)
    assert db.count("workerheartbeat") == 0


def test_a_busy_worker_stops_at_once(db, plain, worker):
    """Its loop and its connections have other things to do; what it had not started goes back."""
    plain("jobs", "pause", "default")  # it would end most of them meanwhile
    plain.enqueue_many("TraceJob", 2000, params={"ms": 5})
    plain("jobs", "resume", "default")
    db.await_results(20)
    plain("jobs", "stop", f"{socket.gethostname()}:{worker.pid}")
    worker.wait(seconds=SOON_S)
    assert db.count("jobrequest") > 0 and db.count("jobprocess") == 0
    assert set(db.statuses()) == {"SUCCESSFUL"}


def test_one_of_two_is_meant(db, plain, worker, start_worker):
    other = start_worker("--max-processes", 1)
    other.await_event("Worker registered")
    plain("jobs", "stop", f"{socket.gethostname()}:{other.pid}")
    other.wait(seconds=SOON_S)
    assert worker.events("Job worker is quiet") == []
    plain.enqueue("NoopJob")
    assert db.await_results(1)[0].status == "SUCCESSFUL"
    worker.stop()


@on_postgres
def test_what_was_asked_while_the_link_was_cut_is_found(db, plain, worker):
    """Behind every new subscription the worker looks once."""
    db.query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
             " WHERE datname = current_database() AND pid <> pg_backend_pid()")
    plain("jobs", "stop", f"{socket.gethostname()}:{worker.pid}")
    worker.wait(seconds=SOON_S)


@on_postgres
def test_a_wish_that_nobody_tells_is_found_by_the_heartbeat(db, plain, module, start_worker):
    plain.env.update({"PLAIN_JOBS_HEARTBEAT_INTERVAL": "500ms"})
    worker = start_worker("--max-processes", 1)
    worker.await_event("Worker registered")
    db.execute("UPDATE plainjobs_workerheartbeat SET wish = 'stop'")
    worker.wait(seconds=SOON_S)
