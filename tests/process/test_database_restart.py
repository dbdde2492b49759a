"""A worker survives its database: every job ends exactly once."""
import contextlib
import os
import random
import signal
import subprocess
import time

import pytest

import relay
from marks import on_postgres, on_sqlite
from program import STRESS, sized
from verify import assert_sound
from workers import wait_until

JOBS = sized(300, 2000)


@on_postgres
def test_the_server_crashes_while_jobs_run(db, plain, module, start_worker):
    uuids = plain.enqueue("TraceJob", "ms=15", "--count", JOBS, timeout=120)
    worker = start_worker("--max-processes", 4)
    for part in (1, 2):
        wait_until(lambda: db.count("jobresult") >= JOBS * part // 4, f"part {part}", seconds=90)
        with db.cluster.down():
            time.sleep(0.7)
            assert worker.process.poll() is None, worker.text()
    wait_until(lambda: db.count("jobresult") >= JOBS, "all results", seconds=300 if STRESS else 90)
    worker.stop()
    assert worker.events("Database failed") and worker.events("Database is back")
    assert db.statuses() == ["SUCCESSFUL"] * JOBS
    assert_sound(db, uuids, plain.folder / "trace.log")


@on_postgres
def test_connections_are_cut_in_a_rush(db, plain, module, start_worker):
    """What each of a worker's two had under way is recorded or claimed again, and the drain does not
    end before."""
    jobs = sized(6000, 60000)
    plain.enqueue_many("NoopJob", jobs, timeout=120)
    worker = start_worker("--drain", "--max-processes", 2)
    worker.await_event("Worker registered")
    chance = random.Random(3)
    cuts = 0
    while worker.process.poll() is None and cuts < sized(10, 60):
        time.sleep(chance.uniform(0.02, 0.2))
        cuts += db.query("SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity"
                         " WHERE datname = current_database() AND pid <> pg_backend_pid()")[0].n > 0
    worker.wait(seconds=300 if STRESS else 90)
    assert cuts > 0
    assert (db.count("jobrequest"), db.count("jobprocess")) == (0, 0)
    assert db.count("jobresult", "status = 'SUCCESSFUL'") == db.count("jobresult") == jobs
    assert_sound(db)


@on_postgres
def test_a_drain_waits_for_jobs_whose_claim_was_not_answered(db, plain, module):
    """The second connection does not hear what it has claimed. Meanwhile the first finds nothing
    more; the drain goes on until those jobs are back and have run."""
    plain.env["PLAIN_JOBS_START_AHEAD_MS"] = "1000"  # room for both, however slow the runners are
    jobs = 4000
    plain.enqueue_many("NoopJob", jobs)
    between = relay.Relay(db.cluster.port, hold_s=3)
    plain.drain("--max-processes", 2, timeout=90,
                env={"DATABASE_URL": f"postgresql://plain@127.0.0.1:{between.port}/{db.name}"})
    between.close()
    assert between.swallowed == 1
    assert (db.count("jobrequest"), db.count("jobprocess")) == (0, 0)
    assert db.statuses() == ["SUCCESSFUL"] * jobs
    assert_sound(db)


@on_postgres
@pytest.mark.parametrize("options, made", [((), 1), (("--count", 3), 1), (("--from", "-"), 2)])
def test_a_job_that_may_have_been_enqueued_is_named(db, plain, module, options, made):
    """The server has committed, and goes away before it says so. Whoever repeated the command would
    have two jobs."""
    statement = relay.COMMIT if "-" in options else relay.ENQUEUE
    between = relay.Relay(db.cluster.port, hold_s=None, statement=statement, nth=1)
    done = plain.run("jobs", "enqueue", "NoopJob", *options, stdin=b"{}\n" * made,
                     env={"DATABASE_URL": f"postgresql://plain@127.0.0.1:{between.port}/{db.name}"})
    assert (done.code, between.swallowed) == (4, 1), done
    first, *others = db.query("SELECT uuid FROM plainjobs_jobrequest ORDER BY id")
    assert len(others) == made - 1
    assert f"job {first.uuid} may have been enqueued: " in done.stderr, done
    assert f"plain jobs show {first.uuid}" in done.stderr
    assert ("line 1 and those behind it: " in done.stderr) == ("-" in options)


@on_postgres
@pytest.mark.parametrize("refusals, calls", [(0, 1), (1, 2), (4, 3)])
def test_an_enqueue_that_the_server_reads_late_is_no_second_job(db, plain, module, build_c, refusals,
                                                                calls):
    """The way to the server stalls, and breaks; the call asks again, or the application does, and
    that job has ended when the server comes to the first statement."""
    between = relay.StalledRelay(db.cluster.port, relay.ENQUEUE, refusals)
    url = f"postgresql://plain@127.0.0.1:{between.port}/{db.name}"
    done = subprocess.run([build_c("repeats.c"), url], env=plain.env, capture_output=True, text=True,
                          timeout=60, check=True)
    made, uuid = done.stdout.split()
    assert between.kept.is_set() and int(made) == calls
    plain.drain()
    between.going_on.set()
    time.sleep(1)
    between.close()
    assert db.count("jobrequest") == 0 and db.statuses() == ["SUCCESSFUL"]
    assert_sound(db, [uuid], plain.folder / "trace.log")


@on_postgres
def test_a_role_that_may_end_nothing_can_repeat_all_the_same(db, plain, module):
    between = relay.Relay(db.cluster.port, hold_s=0, statement=relay.ENQUEUE, nth=1)
    role = f"poor_{db.name}"
    db.execute(f"CREATE ROLE {role} LOGIN; GRANT ALL ON ALL TABLES IN SCHEMA public TO {role};"
               "REVOKE EXECUTE ON FUNCTION pg_terminate_backend FROM PUBLIC")
    try:
        (uuid,) = plain.enqueue("TraceJob", env={
            "DATABASE_URL": f"postgresql://{role}@127.0.0.1:{between.port}/{db.name}"})
    finally:
        db.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
        between.close()
    assert between.swallowed == 1 and [row.uuid for row in db.rows("jobrequest")] == [uuid]


@on_postgres
def test_a_worker_stops_while_the_server_is_away(db, plain, module, start_worker):
    """It cannot record, so it waits for the server; what it holds is not lost."""
    uuids = plain.enqueue("TraceJob", "ms=300", "--count", 20)
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: (plain.folder / "trace.log").exists(), "a job to run")
    with db.cluster.down():
        worker.send(signal.SIGTERM)
        time.sleep(1.5)
    worker.wait()
    assert_sound(db, uuids, plain.folder / "trace.log")
    plain.drain(timeout=120)
    assert db.statuses() == ["SUCCESSFUL"] * 20


@on_postgres
def test_an_idle_worker_stops_while_the_server_is_away(db, plain, module, start_worker):
    plain.enqueue("TraceJob")
    worker = start_worker("--max-processes", 1)
    db.await_results(1)
    time.sleep(2)  # it asks at 1, 2, 4 ... 500 ms; a claim that is cut off has to be settled first
    with db.cluster.down():
        worker.await_event("Database failed")
        worker.stop()


@contextlib.contextmanager
def unrecorded_end(db, plain, gate, start_worker):
    """A worker whose job has ended while the server is away. It ends in the block; its successor,
    when the server is back, records that end."""
    (uuid,) = plain.enqueue("gate")
    worker = start_worker("--max-processes", 1)
    gate.await_jobs()
    with db.cluster.down():
        gate.open()
        worker.await_event("Completed job")
        worker.await_event("Database failed")
        yield worker
        worker.wait()
    plain.drain()
    assert_sound(db, [uuid])
    assert len((plain.folder / "at-gate").read_text()) == 1
    assert db.statuses() == ["SUCCESSFUL"]


@on_postgres
def test_a_third_signal_leaves_what_cannot_be_recorded_to_the_next(db, plain, gate, start_worker):
    with unrecorded_end(db, plain, gate, start_worker) as worker:
        for n in (1, 2, 3):
            assert worker.process.poll() is None
            worker.send(signal.SIGTERM)
            wait_until(lambda: len(worker.events("Job worker shutdown signal received")) == n,
                       f"signal {n}")


@on_postgres
def test_a_grace_that_is_over_leaves_what_cannot_be_recorded_to_the_next(db, plain, gate,
                                                                         start_worker):
    """One signal, as a service manager sends it: the worker does not wait to be killed."""
    plain.env["PLAIN_JOBS_SHUTDOWN_GRACE"] = "2"
    with unrecorded_end(db, plain, gate, start_worker) as worker:
        worker.send(signal.SIGTERM)
        (over,) = worker.await_event("Job worker shutdown grace is over")
        assert over["jobs_running"] == 0


@on_postgres
def test_a_grace_that_is_over_leaves_a_row_that_is_locked(db, plain, module, gate, start_worker):
    """It is to go back to the queue, and an application has it in a transaction that stays open."""
    plain.env.update(PLAIN_JOBS_START_AHEAD_MS="1000", PLAIN_JOBS_SHUTDOWN_GRACE="500ms",
                     PLAIN_JOBS_STOP_GRACE="200ms")
    plain.enqueue("NoopJob", "--count", 50)
    plain.enqueue("gate")
    (locked,) = plain.enqueue("NoopJob")
    worker = start_worker("--max-processes", 1)
    with contextlib.closing(db.connect()) as connection:
        gate.await_jobs()
        wait_until(lambda: db.count("jobprocess", f"job_request_uuid = '{locked}'"),
                   "it to be claimed, for 2 s")
        connection.cursor().execute("SELECT plain_jobs_cancel(%s)", (locked,))
        worker.send(signal.SIGTERM)
        worker.wait()
        connection.rollback()
    assert db.statuses("gate") == ["LOST"] and db.count("jobprocess") == 1
    plain.drain()
    assert db.statuses("NoopJob") == ["SUCCESSFUL"] * 51
    assert_sound(db)


@on_postgres
def test_a_row_that_is_locked_keeps_only_its_own_end_waiting(db, plain, module, gate, start_worker):
    """By an application that cancelled the job in a transaction which it keeps open."""
    (held,) = plain.enqueue("gate")
    worker = start_worker("--max-processes", 2)
    gate.await_jobs()
    with contextlib.closing(db.connect()) as connection:
        connection.cursor().execute("SELECT plain_jobs_cancel(%s)", (held,))
        gate.open()
        plain.enqueue("TraceJob", "--count", 20)
        db.await_results(20, "TraceJob")
        assert db.statuses("gate") == []
        connection.rollback()
    db.await_results(21)
    worker.stop()
    assert db.statuses("gate") == ["SUCCESSFUL"]
    assert_sound(db)


@on_sqlite
def test_a_writer_holds_the_database(db, plain, module, start_worker):
    """A foreign transaction is in the way for longer than any busy timeout of a moment."""
    import sqlite3
    uuids = plain.enqueue("TraceJob", "--count", 50)
    foreign = sqlite3.connect(db.path, isolation_level=None)
    foreign.execute("PRAGMA wal_autocheckpoint = 0")
    foreign.execute("BEGIN IMMEDIATE")
    worker = start_worker("--max-processes", 2)
    time.sleep(3)
    assert worker.process.poll() is None and db.count("jobresult") == 0
    foreign.execute("COMMIT")
    foreign.close()
    db.await_results(50)
    worker.stop()
    assert_sound(db, uuids, plain.folder / "trace.log")


@on_sqlite
def test_processes_are_killed_while_they_write(db, plain, module, start_worker):
    """kill -9 of enqueuers and workers: no corruption, and nothing acknowledged is lost."""
    acked = []
    for round_ in range(sized(6, 60)):
        printed = plain.folder / f"printed-{round_}"  # no pipe: a full one would hold it up
        with open(printed, "wb") as out:
            enqueuer = plain.start("jobs", "enqueue", "TraceJob", "--count", 50000, stdout=out)
        worker = start_worker("--max-processes", 2)
        wait_until(lambda: printed.read_text().count("\n") > 1, "its first jobs")
        time.sleep(0.1 + 0.1 * (round_ % 5))
        os.kill(worker.pid, signal.SIGKILL)
        assert enqueuer.poll() is None
        enqueuer.kill()
        enqueuer.wait()
        acked += printed.read_text().split("\n")[:-1]
    assert db.query("PRAGMA integrity_check")[0] == {"integrity_check": "ok"}
    assert_all_accounted_for(db, acked)


def assert_all_accounted_for(db, acked):
    """Rows of the last killed worker stay processing until a worker comes, so they are not
    stranded."""
    rows = (db.rows("jobrequest") + db.rows("jobprocess") + db.rows("jobresult"))
    known = {row["root_uuid"] for row in rows}
    assert acked and set(acked) <= known
    assert_sound(db, idle=False)
