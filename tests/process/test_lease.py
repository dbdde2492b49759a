"""A worker's lease: its row, its heartbeats, and what it does when the lease is over."""
import signal
import time

from marks import on_one_store, on_postgres
from verify import assert_sound
from workers import is_alive, wait_until

# A lease that holds, with frequent heartbeats, and one that is to be over.
LONG = {"PLAIN_JOBS_HEARTBEAT_INTERVAL": "100ms", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "30"}
SHORT = {"PLAIN_JOBS_HEARTBEAT_INTERVAL": "100ms", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "5"}
GATE = "#!/bin/sh\necho S >>gate.log\nwhile [ ! -e go ]; do sleep 0.05; done\n"


def rows(db):
    return db.query("SELECT * FROM plainjobs_workerheartbeat ORDER BY id")


def await_row(db, but=None):
    """The row of a living worker, of another id than `but`."""
    return wait_until(lambda: [row for row in rows(db) if row["rescuer_id"] is None
                               and row.worker_id != but], "a worker's row")[0]


def test_a_worker_has_a_row_while_it_lives(db, plain, module, start_worker):
    worker = start_worker("--max-processes", 2, "--queue", "mail", "--queue", "default")
    row = await_row(db)
    assert (row.pid, row.capacity, row.lease_ms) == (worker.pid, 2, 60000)
    assert "mail" in row.queues and "TraceJob" in row.classes and row.version
    assert row.worker_id == worker.await_event("Worker registered")[0]["worker_id"]
    worker.stop()
    assert rows(db) == []


def test_a_heartbeat_comes_at_every_interval(db, plain, module, start_worker):
    plain.env.update(LONG)
    worker = start_worker("--max-processes", 1)
    first = await_row(db)
    for _ in range(3):
        then = rows(db)[0].last_heartbeat_at
        wait_until(lambda: rows(db)[0].last_heartbeat_at > then, "a heartbeat")
    assert rows(db)[0].worker_id == first.worker_id
    worker.stop()


def test_heartbeats_go_on_while_a_worker_stops(db, plain, module, start_worker):
    plain.env.update(LONG)
    plain.add_executable("gate", GATE)
    uuids = plain.enqueue("gate")
    worker = start_worker("--max-processes", 1)
    wait_until((plain.folder / "gate.log").exists, "the job to run")
    worker.send(signal.SIGTERM)
    worker.await_event("Job worker shutdown requested")
    for _ in range(3):
        then = rows(db)[0].last_heartbeat_at
        wait_until(lambda: rows(db)[0].last_heartbeat_at > then, "a heartbeat")
    (plain.folder / "go").touch()
    worker.wait()
    assert db.statuses() == ["SUCCESSFUL"]
    assert_sound(db, uuids)


def test_a_worker_whose_row_was_deleted_goes_on_under_another_id(db, plain, module, start_worker):
    """Its running job is LOST and runs again; nobody else is there to rescue it."""
    plain.env.update(LONG)
    uuids = plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 2)
    before = await_row(db)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    db.execute("DELETE FROM plainjobs_workerheartbeat")
    worker.await_event("Worker lost its lease")
    after = await_row(db, but=before.worker_id)
    assert after.pid == worker.pid
    db.await_results(2)
    assert db.statuses() == ["LOST", "SUCCESSFUL"]
    lost = db.results()[0]
    assert (lost.error_type, lost.error_message, lost.lost_count, lost.crash_count) == (
        "Lost", f"worker {before.worker_id} lost its lease", 1, 0)
    worker.stop()
    assert_sound(db, uuids)
    assert [row for row in rows(db) if row.worker_id == after.worker_id] == []


@on_postgres
def test_the_database_is_away_for_longer_than_the_lease(db, plain, module, start_worker):
    """Whatever runs is killed before anybody could rescue it, and then runs again. What had ended
    before is recorded, and not repeated."""
    plain.env.update(SHORT)
    plain.add_executable("gate", GATE)
    done = plain.enqueue("gate")
    uuids = plain.enqueue("FirstSlowJob", "--retries", 2)
    once = plain.enqueue("TraceJob", "ms=60000")
    worker = start_worker("--max-processes", 3)
    wait_until(lambda: all((plain.folder / name).exists()
                           for name in ("gate.log", "slow.log", "trace.log")), "all to run")
    runners = worker.runners()
    db.cluster.stop(signal.SIGQUIT)
    try:
        (plain.folder / "go").touch()
        worker.await_event("Completed job")
        worker.await_event("Worker lost its lease")
        wait_until(lambda: not any(map(is_alive, runners)), "the end of the runners", seconds=10)
        time.sleep(1)
    finally:
        db.cluster.start()
    db.await_results(4)
    assert db.statuses("FirstSlowJob") == ["LOST", "SUCCESSFUL"]
    assert db.statuses("TraceJob") == ["LOST"] and db.statuses("gate") == ["SUCCESSFUL"]
    worker.stop()
    assert (plain.folder / "gate.log").read_text() == "S\n"
    assert_sound(db, done + uuids + once)


@on_one_store
def test_terms_of_a_lease_that_cannot_hold_are_refused(plain, module):
    for interval, timeout, named in (("10", "29", "TIMEOUT"), ("1ms", "60", "INTERVAL"),
                                     ("0", "60", "INTERVAL"), ("500ms", "1499ms", "TIMEOUT")):
        done = plain.fails(2, 202, "jobs", "worker", "--drain", env={
            "PLAIN_JOBS_HEARTBEAT_INTERVAL": interval, "PLAIN_JOBS_HEARTBEAT_TIMEOUT": timeout})
        assert f"JOBS_HEARTBEAT_{named}" in done.stderr
    plain.drain(env={"PLAIN_JOBS_HEARTBEAT_INTERVAL": "500ms",
                     "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "1500ms"})


def test_a_job_that_kills_its_process_stops_being_retried(db, plain, module):
    """JOBS_MAX_CRASHES: the third death is the last, and says so."""
    plain.enqueue("EagerJob", "bad_attempts=9", "dies=true", "--retries", 8)
    plain.drain("--max-processes", 1)
    assert db.statuses() == ["LOST"] * 3
    assert [row.crash_count for row in db.results()] == [1, 2, 3]
    assert "JOBS_MAX_CRASHES" in db.results()[-1].error_message
    assert db.results()[-1].retry_job_request_uuid is None
