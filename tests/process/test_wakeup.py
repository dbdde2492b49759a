"""An idle worker is told of jobs, costs next to nothing, and finds what nobody tells it of."""
import pathlib
import re
import statistics
import time

import pytest

from marks import on_postgres, on_sqlite
from program import release_path, sized
from workers import wait_until

JOBS = sized(12, 200)
POLL_S = 0.5 * 3 / 4   # the shortest wait of a worker that looks by itself
CALM_S = 5.5           # after so long without a job it looks less than once a second
WATCH_S = sized(10, 30)   # the time between two heartbeats
BY_HAND = "INSERT INTO plainjobs_jobrequest (job_class, parameters) VALUES ('NoopJob', '%s')"
PARAMETERS = '{"args": [], "kwargs": {}}'


@pytest.fixture
def start_idle(plain, db, module, start_worker):
    """Starts a worker that has run a job and then looked as often as it does behind its mark."""
    def start(*options):
        worker = start_worker("--max-processes", 2, *options)
        worker.await_event("Worker registered")
        plain.enqueue("NoopJob")
        db.await_results(1)
        time.sleep(1.2)
        return worker
    return start


@pytest.fixture
def idle_worker(start_idle):
    return start_idle()


def waits(db):
    """From the enqueue to the start of each job but the first."""
    return [row.started_at - row.requested_at for row in db.results()][1:]


def test_an_enqueue_wakes_an_idle_worker(db, plain, idle_worker):
    """Those that are looked for wait for a quarter of a second in the middle."""
    for n in range(JOBS):
        plain.enqueue("NoopJob")
        db.await_results(n + 2)
    assert statistics.median(waits(db)) < POLL_S / 4, waits(db)


def test_a_statement_by_hand_wakes_an_idle_worker(db, idle_worker):
    for n in range(JOBS):
        db.execute(BY_HAND % PARAMETERS)
        db.await_results(n + 2)
    assert statistics.median(waits(db)) < POLL_S / 4, waits(db)


def test_a_queue_that_is_new_to_a_pattern_wakes_an_idle_worker(db, plain, start_idle):
    start_idle("--queue", "default", "--queue", "new-*")
    for n in range(JOBS):
        plain.enqueue("NoopJob", "--queue", f"new-{n}")
        db.await_results(n + 2)
    assert statistics.median(waits(db)) < POLL_S / 4, waits(db)


def processor_s(pid):
    return sum(int((task / "schedstat").read_text().split()[0])
               for task in pathlib.Path(f"/proc/{pid}/task").iterdir()) / 1e9


def statements(db, name=""):
    """Those of the server's log, whose lines name the database; parsing and binding are none."""
    log = db.cluster.log.read_text(errors="replace")
    return len(re.findall(rf" {db.name} '?LOG:  (?:execute|statement) ?{name}", log))


@on_postgres
def test_an_idle_worker_claims_what_it_was_told_of(db, plain, start_idle):
    """And does not search all of its queues and priorities for it."""
    db.execute(f"ALTER DATABASE {db.name} SET log_statement = 'all'")
    start_idle()
    before = statements(db, "CLAIM_TOLD")
    for n in range(JOBS):
        plain.enqueue("NoopJob")
        db.await_results(n + 2)
    assert statements(db, "CLAIM_TOLD") - before >= JOBS / 2


def asked(db, plain):
    """How many queries so far; what begins and ends a transaction, or asks whether anything was
    written, is none."""
    if db.kind == "postgres":
        return statements(db)
    log = (plain.folder / "queries.log").read_text()
    return len(re.findall("^(?!BEGIN|COMMIT|PRAGMA data_version)", log, re.M)) - 1


def looks(plain):
    """How often it asked on SQLite whether anything was written."""
    return (plain.folder / "queries.log").read_text().count("PRAGMA data_version")


def test_a_worker_that_is_idle_for_long_hardly_asks(db, plain, module, build_module, start_worker):
    """At most one query a second, heartbeats included."""
    if db.kind == "postgres":
        db.execute(f"ALTER DATABASE {db.name} SET log_statement = 'all'")
    else:
        plain.program = release_path()  # sanitizers want to be loaded first
        plain.env.update(LD_PRELOAD=str(build_module("count_queries.c")),
                         QUERIES_LOG=str(plain.folder / "queries.log"))
    worker = start_worker("--max-processes", 1)
    worker.await_event("Worker registered")
    time.sleep(CALM_S + 1)
    before, used = asked(db, plain), processor_s(worker.pid)
    looked = looks(plain) if db.kind == "sqlite" else 0
    assert before > 0
    time.sleep(WATCH_S)
    assert asked(db, plain) - before <= WATCH_S
    if db.kind == "sqlite":
        assert looks(plain) - looked <= 4 * WATCH_S  # 8 behind each heartbeat's commit, at most
    assert (processor_s(worker.pid) - used) / WATCH_S < 0.005


@on_postgres
def test_what_an_older_transaction_commits_is_found(db, idle_worker):
    """Its statement ran before the worker waited, so it tells nobody."""
    # For these transactions the worker does not wait yet: as if they had begun before.
    db.execute("UPDATE plainjobs_workerheartbeat SET idle_at = NULL")
    late = db.connect()
    late.cursor().execute(BY_HAND % PARAMETERS)
    other = db.connect()
    other.cursor().execute(BY_HAND % PARAMETERS)
    other.commit()
    db.await_results(2, seconds=10)
    late.commit()
    db.await_results(3, seconds=10)
    late.close()
    other.close()


@on_postgres
def test_a_cut_link_is_listened_on_again(db, plain, idle_worker):
    db.query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
             " WHERE datname = current_database() AND pid <> pg_backend_pid()")
    plain.enqueue("NoopJob")
    db.await_results(2)
    wait_until(lambda: len(idle_worker.events("Listening for jobs")) > 1, "another subscription")
    time.sleep(1.2)
    for n in range(JOBS):
        plain.enqueue("NoopJob")
        db.await_results(n + 3)
    assert statistics.median(waits(db)[1:]) < POLL_S / 4, waits(db)


@on_sqlite
def test_producers_that_cannot_reach_the_socket_wake_it_all_the_same(db, plain, idle_worker):
    """As those of another user: the watch on the database's folder finds their commit."""
    sockets = list(pathlib.Path(f"{db.path}-workers").glob("*.sock"))
    assert len(sockets) == 1
    sockets[0].unlink()
    for n in range(JOBS):
        plain.enqueue("NoopJob")
        db.await_results(n + 2)
    assert statistics.median(waits(db)) < POLL_S / 4, waits(db)


def vacuums(db, table):
    return db.query("SELECT vacuum_count AS n FROM pg_stat_user_tables"
                    f" WHERE relname = 'plainjobs_{table}'")[0].n


@on_postgres
def test_a_worker_that_has_had_many_jobs_tidies_the_index(db, plain, module, start_worker):
    """When nothing is left, so that its next claims do not walk over all of them."""
    plain.enqueue_many("NoopJob", 5100)
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: vacuums(db, "jobrequest") > 0, "the vacuum", seconds=60)
    assert db.count("jobrequest") == 0 and vacuums(db, "jobprocess") == 0
    worker.stop()
    assert "Database not tidied" not in worker.log.read_text()


@on_postgres
def test_a_worker_in_a_rush_makes_room_for_new_attempts(db, plain, module, start_worker):
    """While there are more, so that the table of claimed jobs does not grow with each."""
    (plain.folder / "jobs.jsonl").write_text("{}\n" * 16000)
    plain.enqueue("NoopJob", "--from", "jobs.jsonl")
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: vacuums(db, "jobprocess") > 0, "the vacuum", seconds=60)
    db.await_results(16000)
    worker.stop()
    assert "Database not tidied" not in worker.log.read_text()
