"""How soon a worker knows: of a dead runner, and of what a transaction committed late.

Bounds are ratios to what the same run measures; the figures are printed (pytest -s).
"""
import contextlib
import datetime
import os
import signal
import sqlite3
import statistics
import threading
import time

from marks import on_postgres
from program import Plain, release_path, sized
from verify import assert_sound
from workers import wait_until

PARAMETERS = '{"args": [], "kwargs": {}}'
INSERT = ("INSERT INTO plainjobs_jobrequest (job_class, queue, parameters)"
          f" VALUES ('NoopJob', 'default', '{PARAMETERS}')")


def figures(name, waits):
    ms = sorted(wait * 1000 for wait in waits)
    print(f"\n{name}: p50 {statistics.median(ms):.1f} ms, p99 {ms[int(len(ms) * 0.99)]:.1f} ms,"
          f" max {ms[-1]:.1f} ms of {len(ms)}")
    return statistics.median(waits)


@contextlib.contextmanager
def watching(db):
    """result_of(runner) is true once its LOST result is committed, at the price of a query."""
    if db.kind == "postgres":
        connection = db.connect()
        connection.autocommit = True
    else:
        connection = sqlite3.connect(f"file:{db.path}?mode=ro", uri=True, timeout=30)
    cursor = connection.cursor()

    def lost(runner):
        cursor.execute("SELECT count(*) FROM plainjobs_jobresult WHERE status = 'LOST' AND"
                       f" runner_pid = {runner}")
        return cursor.fetchone()[0]
    with contextlib.closing(connection):
        yield lost


def await_quickly(condition, seconds=10):
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not come"
        time.sleep(0.001)
    return time.monotonic() - began


def test_a_dead_runner_is_a_lost_result_at_once(db, plain, module, start_worker):
    """Not at the next look of anybody, every half second: compared with what a command that reads
    the database takes here."""
    kills, runners = sized(8, 100), sized(2, 20)  # each is started with back-off
    plain.program = release_path() if sized(0, 1) else plain.program
    plain.env.update(PLAIN_JOBS_MAX_CRASHES="1000", PLAIN_JOBS_SHUTDOWN_GRACE="200ms",
                     PLAIN_JOBS_STOP_GRACE="200ms")
    uuids = plain.enqueue("TraceJob", "ms=60000", "--count", runners, "--retries", 1000)
    worker = start_worker("--max-processes", runners)
    trace, waits, usual, killed = plain.folder / "trace.log", [], [], {}

    def running():
        """The runners that are in a job now."""
        lines = trace.read_text().splitlines() if trace.exists() else []
        return {int(line.split()[3]) for line in lines} & set(worker.runners())
    with watching(db) as lost:
        for _ in range(kills):
            victim = wait_until(lambda: len(running()) > runners // 2 and min(running()), "jobs")
            began = time.monotonic()
            plain("jobs", "stats")
            usual.append(time.monotonic() - began)
            killed[victim] = time.time()
            os.kill(victim, signal.SIGKILL)
            waits.append(await_quickly(lambda: lost(victim)))
    worker.stop()
    noticed = [datetime.datetime.fromisoformat(event["time"]).timestamp() - killed[event["pid"]]
               for event in worker.events("Runner ended") if event["pid"] in killed]
    assert len(noticed) == kills
    figures(f"{db.kind}: from kill -9 of a runner to its worker's line", noticed)
    assert statistics.median(noticed) < 0.05 + statistics.median(usual) / 2, (noticed, usual)
    median = figures(f"{db.kind}: from kill -9 of a runner to its LOST result", waits)
    assert median < 0.1 + 2 * statistics.median(usual), (waits, usual)
    assert_sound(db, uuids, trace)


class Load(threading.Thread):
    """Jobs all the time, at a rate that keeps a worker busy without a backlog."""

    def __init__(self, plain):
        super().__init__(daemon=True)
        self.plain = Plain(plain.folder, plain.env["DATABASE_URL"], release_path())
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.plain("jobs", "enqueue", "NoopJob", "--count", 20, "--queue", "load")

    def stop(self):
        self.over.set()
        self.join()


def late_starts(db, count, delay):
    """Start minus commit of jobs whose transaction was open for `delay` seconds."""
    waits = []
    for _ in range(count):
        late = db.connect()
        cursor = late.cursor()
        cursor.execute(INSERT + " RETURNING uuid::text")
        (uuid,) = cursor.fetchone()
        time.sleep(delay)
        late.commit()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        committed = float(cursor.fetchone()[0])
        late.close()
        row = wait_until(lambda: [r for r in db.query(
            f"SELECT * FROM plainjobs_jobresult WHERE job_request_uuid = '{uuid}'")], "its result")
        waits.append(max(0, row[0].started_at - committed))
    return waits


@on_postgres
def test_what_is_committed_late_starts_at_once_under_load(db, plain, module, start_worker):
    load = Load(plain)
    worker = start_worker("--max-processes", 2, "--queue", "default", "--queue", "load")
    worker.await_event("Worker registered")
    load.start()
    wait_until(lambda: db.count("jobresult") > 100, "the load")
    at_once = late_starts(db, sized(5, 20), 0)
    late = late_starts(db, sized(5, 20), sized(0.5, 5))
    load.stop()
    worker.stop()
    usual = figures("under load, committed at once: pick-up", at_once)
    median = figures("under load, committed late: pick-up", late)
    assert median < 0.2 + 10 * usual, (late, at_once)


@on_postgres
def test_what_is_committed_late_passes_what_waits_behind_it(db, plain, module, start_worker):
    """It stands before all that was claimed meanwhile, so a claim from the last place on would not
    see it: that place is forgotten every 100 ms, and not only when nothing waits any more."""
    jobs = sized(10000, 200000)
    late = db.connect()
    late.cursor().execute(INSERT.replace("NoopJob", "TraceJob"))
    others = (INSERT.replace("VALUES (", "SELECT ").replace("')", "'")
              + f" FROM generate_series(1, {jobs // 2})")
    db.execute(others)
    began = time.monotonic()
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: db.count("jobresult") > jobs // 10
               and time.monotonic() - began > sized(0, 5), "some of them")
    late.commit()
    cursor = late.cursor()
    cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
    committed = float(cursor.fetchone()[0])
    late.close()
    db.execute(others)  # some wait behind it however late it was
    wait_until(lambda: db.count("jobresult") > jobs, "all of them", seconds=sized(90, 600))
    worker.stop()
    started = db.results("TraceJob")[0].started_at
    waited = [row.started_at for row in db.query("SELECT started_at FROM plainjobs_jobresult")
              if row.started_at > committed]
    passed = sum(at < started for at in waited)
    print(f"\ncommitted late among {jobs} jobs: started {1000 * (started - committed):.0f} ms after"
          f" its commit, behind {passed} of {len(waited)} that had not started")
    assert passed < len(waited) / 2


@on_postgres
def test_what_is_committed_late_is_found_by_an_idle_worker(db, plain, module, start_worker):
    """Its statement ran before the worker said that it waits; figures only but for finding it."""
    waits = []
    for _ in range(sized(1, 10)):
        late = db.connect()
        late.cursor().execute(INSERT)
        done = db.count("jobresult")
        worker = start_worker("--max-processes", 1)
        worker.await_event("Worker registered")
        time.sleep(sized(1, 8))
        late.commit()
        began = time.monotonic()
        wait_until(lambda: db.count("jobresult") > done, "the job", seconds=5)
        waits.append(time.monotonic() - began)
        late.close()
        worker.stop()
    figures("idle, from a late commit to its result", waits)
