"""Behind PgBouncer in transaction mode, whose two connections to the server all clients share."""
import contextlib
import os
import random
import shutil
import signal
import time

import pytest

from bouncer import POOL, Bouncer
from marks import on_postgres
from program import sized
from test_complete_in import completing_module  # noqa: F401 (a fixture)
from test_rescue import kill_all
from verify import assert_explained, assert_sound
from workers import wait_until

pytestmark = on_postgres
LINES = "".join(f'{{"key": "k{n}"}}\n' for n in range(50)).encode()


@pytest.fixture(scope="module")
def bouncer(postgres):
    pooler = Bouncer(postgres)
    try:
        pooler.start()
        yield pooler
    finally:
        pooler.stop()


@pytest.fixture(autouse=True)
def pooled(plain, database_of_test, bouncer):
    """The program of the test asks the pooler; db still looks at the server itself."""
    plain.env["DATABASE_URL"] = bouncer.url(database_of_test.name)
    yield
    with contextlib.closing(bouncer.connect("pgbouncer")) as admin:  # else it cannot be dropped
        admin.cursor().execute(f"KILL {database_of_test.name}")


def left_on_connections(bouncer, db):
    """What the next client of each connection to the server would find there."""
    found, clients = [], [bouncer.connect(db.name) for _ in range(POOL)]
    for client in clients:
        cursor = client.cursor()
        cursor.execute("BEGIN")  # so that the next one has another connection
        cursor.execute("SELECT (SELECT count(*) FROM pg_prepared_statements),"
                       " (SELECT count(*) FROM pg_listening_channels()),"
                       " (SELECT string_agg(name, ' ') FROM pg_settings WHERE source = 'session'"
                       "   AND name NOT IN ('client_encoding', 'application_name'))")
        found += cursor.fetchall()
    for client in clients:
        client.close()
    return found


def test_the_commands(empty_db, plain, module, bouncer):
    db = empty_db
    plain("migrate")
    uuids = plain.enqueue("TraceJob", "--count", 500)
    uuids += plain.enqueue("TraceJob", "--key", "one", "--delay", "1h")
    assert plain.run("jobs", "enqueue", "TraceJob", "--key", "one").pj == 501
    uuids += plain.enqueue("TraceJob", "--from", "-", stdin=LINES)
    uuids += plain.enqueue("FlakyJob", "bad_attempts=1", "--retries", 1, "--priority", 5)
    plain("jobs", "pause", "default", "--reason", "a test")
    plain("jobs", "resume", "default")
    plain.drain("--max-processes", 2)
    assert len(db.results("TraceJob")) == 550
    assert "it is not due until" in plain.run("jobs", "why", uuids[500]).stdout
    plain("jobs", "cancel", uuids[500])
    (failed,) = plain.enqueue("FailJob", "message=no")
    plain.drain()
    plain("jobs", "retry", failed)
    assert db.count("jobrequest", "job_class = 'FailJob'") == 1
    plain.drain()
    plain("jobs", "verify")
    plain("jobs", "clear", "--older-than", "1h")
    assert_sound(db, trace=plain.folder / "trace.log")
    assert left_on_connections(bouncer, db) == [(0, 0, None)] * POOL


def test_idle_workers_find_and_stop_jobs_by_looking(db, plain, module, start_worker):
    """They hear nothing: what one connection is told is not for who has it next."""
    workers = [start_worker("--max-processes", 1) for _ in range(3)]
    for worker in workers:
        worker.await_event("Worker registered")
    plain.enqueue("NoopJob", "--count", 3)
    db.await_results(3)
    (uuid,) = plain.enqueue("TraceJob", "ms=60000")
    wait_until(lambda: (plain.folder / "trace.log").exists(), "the job to run")
    plain("jobs", "cancel", uuid)
    db.await_results(4)
    for worker in workers:
        worker.stop()
        assert not worker.events("Worker heartbeat failed")
    assert db.statuses("TraceJob") == ["CANCELLED"]
    assert db.query("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
                    " AND datname = current_database()") == []


def test_completing_in_a_transaction(db, plain, folder, completing_module, bouncer):  # noqa: F811
    (folder / "app").mkdir()
    shutil.copy(completing_module, folder / "app/jobs.so")
    db.execute("CREATE TABLE effects (job text, note integer)")
    uuids = plain.enqueue("EffectJob", f"url={bouncer.url(db.name)}", "--count", 30)
    plain.drain("--max-processes", 2)
    assert db.statuses() == ["SUCCESSFUL"] * 30
    assert [row.job for row in db.query("SELECT job FROM effects ORDER BY 1")] == sorted(uuids)
    assert_sound(db, uuids)


def test_kills_lose_nothing(db, plain, module, start_worker, bouncer):
    jobs, kills = sized(200, 3000), sized(4, 60)
    chance = random.Random(30)
    uuids = plain.enqueue("TraceJob", "ms=4", "--count", jobs, "--retries", 30, timeout=300)
    trace = plain.folder / "trace.log"
    steady = start_worker("--max-processes", 1)
    for _ in range(kills):
        before = trace.read_text().count("S") if trace.exists() else 0
        worker = start_worker("--max-processes", 2)
        wait_until(lambda: (trace.exists() and trace.read_text().count("S") >= before + 4)
                   or db.count("jobrequest") == 0, "some to run")
        time.sleep(chance.uniform(0, 0.12))
        if chance.random() < 0.5:
            kill_all(worker)
        else:
            os.kill(worker.pid, signal.SIGKILL)
            worker.process.wait()
    steady.stop()
    plain.drain("--max-processes", 2, timeout=300)
    assert_sound(db, uuids, trace, kills=True)
    assert_explained(db, trace)
    assert left_on_connections(bouncer, db) == [(0, 0, None)] * POOL
