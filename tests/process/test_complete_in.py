"""A job's own writes and its end in one transaction: exactly once, whatever is killed."""
import contextlib
import os
import random
import shutil
import signal
import subprocess
import time

import pytest

from marks import on_postgres, on_sqlite
from program import TREE, sized
from verify import assert_sound
from workers import wait_until


@pytest.fixture(scope="session")
def completing_module(build_module):
    include = subprocess.run(["pkg-config", "--cflags", "libpq", "sqlite3"], check=True,
                             capture_output=True, text=True).stdout.strip()
    return build_module("completes.c", CPPFLAGS=include, LDFLAGS="-lpq")


@pytest.fixture
def effects(db, folder, plain, completing_module):
    """Enqueues jobs that leave a row in effects."""
    (folder / "app").mkdir()
    shutil.copy(completing_module, folder / "app/jobs.so")
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "300ms"
    db.execute("CREATE TABLE effects (job text, note integer)")

    def enqueue(*more, how="", ms=0):
        return plain.enqueue("EffectJob", f"url={db.url}", f"how={how}", f"ms={ms}", *more)
    return enqueue


def rows(db):
    return [row.job for row in db.query("SELECT job FROM effects ORDER BY 1")]


def test_it_ends_once_and_is_counted_once(db, plain, effects):
    uuids = effects("--count", 20)
    done = plain.drain("--max-processes", 2)
    assert db.statuses() == ["SUCCESSFUL"] * 20
    assert rows(db) == sorted(uuids)
    assert "superseded" not in done.stderr
    assert plain.json("jobs", "stats")["successful"] == 20
    assert_sound(db, uuids)


def test_a_handle_of_its_own_is_refused(db, plain, effects):
    """The end would commit whatever becomes of the job's transaction."""
    effects(how="own")
    plain.drain()
    row = db.one("jobresult")
    assert row.status == "ERRORED" and "adopted handle" in row.error_message
    assert rows(db) == []


@pytest.mark.parametrize("how", ["", "fail", "crash"])
def test_the_result_has_what_its_worker_knows(db, plain, effects, how):
    """Its runner, output, CPU time and memory, which the transaction could not write."""
    effects(how=how)
    plain.drain()
    row = db.one("jobresult")
    assert (row.status, row.output) == ("SUCCESSFUL", "paying\n")
    assert row.runner_pid > 0 and row.max_rss_kb > 1024 and row.cpu_us >= 0


@pytest.mark.parametrize("how", ["fail", "crash"])
def test_what_comes_after_the_commit_changes_nothing(db, plain, effects, how):
    uuids = effects("--retries", 3, how=how)
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"]
    assert rows(db) == uuids and db.count("jobrequest") == 0
    assert_sound(db, uuids)


def test_a_rollback_leaves_the_job_to_its_worker(db, plain, effects):
    uuids = effects("--retries", 3, how="rollback")
    plain.drain()
    assert db.statuses() == ["ERRORED", "SUCCESSFUL"]
    assert rows(db) == []
    assert_sound(db, uuids)


def test_a_superseded_attempt_is_refused(db, plain, effects, folder, start_worker):
    """Its row is deleted before it completes: what it wrote is undone with it."""
    effects("--retries", 3, how="superseded")
    worker = start_worker("--max-processes", 1)
    wait_until((folder / "ready").exists, "the job")
    db.execute("DELETE FROM plainjobs_jobprocess")
    (folder / "go").touch()
    failed = worker.await_event("Job failed")[0]
    assert failed["error"].startswith("PJ507 1 ") or "ended with signal 15" in failed["error"]
    worker.await_text("Ends were superseded")
    worker.stop()
    assert rows(db) == [] and db.results() == [] and db.count("jobrequest") == 0


@on_postgres
def test_a_transaction_that_is_left_open_stops_nobody(db, plain, effects, start_worker):
    """Others end meanwhile; its runner is replaced, which undoes it, and its word counts."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "5"
    plain.add_executable("other", "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\n")
    (left,) = effects(how="leave")
    others = plain.enqueue("other", "--count", 10)
    worker = start_worker("--max-processes", 2)
    worker.await_event("Completed job")  # of the one that left it open
    (plain.folder / "go").touch()
    db.await_results(11)
    worker.stop()
    assert db.statuses() == ["SUCCESSFUL"] * 11
    assert db.results()[-1].job_class == "EffectJob" and rows(db) == []
    assert_sound(db, [left, *others])


def test_one_that_goes_on_after_its_commit_is_left_alone(db, plain, effects, start_worker):
    """Its row is gone: that is no reason to stop it."""
    uuids = effects(how="linger")
    worker = start_worker("--max-processes", 1)
    worker.await_event("Completed job")
    worker.stop()
    assert not worker.events("Stopping job") and not worker.events("Ends were superseded")
    assert_sound(db, uuids)


def live(db):
    """Jobs that wait or run, in one look: none is between the two."""
    return db.query("SELECT (SELECT count(*) FROM plainjobs_jobrequest)"
                    " + (SELECT count(*) FROM plainjobs_jobprocess) AS n")[0].n


def kill_one(chance, runners):
    """Whether there was one; the others go on."""
    try:
        os.kill(chance.choice(runners), signal.SIGKILL)
    except (IndexError, ProcessLookupError):
        return False
    return True


def test_exactly_once_while_runners_are_killed(db, plain, effects, start_worker):
    plain.env["PLAIN_JOBS_MAX_CRASHES"] = "1000"
    n = sized(150, 1000)  # test_kill_loops.py has ten times as many, and kills workers, too
    uuids = effects("--count", n, "--retries", 1000, ms=3)
    worker = start_worker("--max-processes", 4)
    worker.await_event("Worker registered")
    chance = random.Random(7)
    kills = 0
    deadline = time.monotonic() + 600
    while live(db) > 0 or kills <= 3:
        assert time.monotonic() < deadline and worker.process.poll() is None
        if live(db) == 0:  # they were faster than we
            uuids += effects("--count", n, "--retries", 1000, ms=3)
        ends = db.count("jobresult")
        kills += kill_one(chance, worker.runners())
        # On a slow machine none would get through its start.
        wait_until(lambda: live(db) == 0 or db.count("jobresult") > ends, "an end since the last kill")
        time.sleep(chance.uniform(0.02, 0.12))
    worker.stop()
    assert rows(db) == sorted(uuids)
    statuses = db.statuses()
    assert statuses.count("SUCCESSFUL") == len(uuids)
    assert set(statuses) <= {"SUCCESSFUL", "LOST", "ERRORED"}
    assert_sound(db, uuids)


@on_postgres
def test_counts_are_folded_under_a_steady_load(db, plain, effects, start_worker):
    """There is always a new reason to fold soon, which must not put it off."""
    effects("--count", 400, ms=20)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: db.count("counter", "shard < 64 AND n >= 10"), "counts of the worker's own")
    assert db.count("jobrequest") > 0
    plain("jobs", "purge", "--yes")
    worker.stop()


@on_postgres
def test_a_purge_passes_over_a_job_that_completes(db, plain, gate, start_worker):
    """Its transaction decides how it ends, and may take its time: the others are stopped all the
    same, and the purge says so."""
    completing, other = plain.enqueue("gate", "--count", 2)
    worker = start_worker("--max-processes", 2)
    gate.await_jobs(2)
    plain.enqueue("gate", "--count", 3, "--delay", "1h")
    (token,) = [row.uuid for row in db.rows("jobprocess") if row.job_request_uuid == completing]
    with contextlib.closing(db.connect()) as connection:
        connection.cursor().execute("SELECT plain_jobs_complete(%s)", (token,))
        done = plain.fails(1, 305, "jobs", "purge", "--yes")
        assert "3 requests were deleted and 1 running jobs" in done.stderr
        assert "cannot cancel 1 running jobs" in done.stderr
        connection.commit()
    gate.open()
    db.await_results(2)
    worker.stop()
    assert {row.job_request_uuid: row.status for row in db.results()} == {
        completing: "SUCCESSFUL", other: "CANCELLED"}
    assert db.count("jobrequest") == 0


@on_sqlite
def test_completing_by_the_statements_of_the_guide(db, plain, folder):
    """On SQLite, from an executable with a client of its own, which fails then."""
    block = (TREE / "docs/sql.md").read_text().split("-- ... what the job writes ...")[-1]
    statements = block.split("COMMIT;")[0]
    db.execute("CREATE TABLE effects (job text, note integer)")
    plain.add_executable("effect", f"""#!/usr/bin/python3
import os, sqlite3, uuid
token = {{"token": uuid.UUID(os.environ["PLAIN_JOB_UUID"]).bytes}}
c = sqlite3.connect({str(db.path)!r}, isolation_level=None, timeout=30)
c.execute("PRAGMA wal_autocheckpoint = 0")
c.execute("BEGIN IMMEDIATE")
c.execute("INSERT INTO effects VALUES (?, 1)", (os.environ["PLAIN_JOB_ROOT_UUID"],))
for statement in {statements!r}.split(";")[:-1]:
    made = c.execute(statement, token).rowcount
    assert made == 1, (statement, made)
c.execute("COMMIT")
os._exit(3)
""")
    uuids = plain.enqueue("effect", "--retries", 2)
    plain.drain()
    (result,) = db.results()
    assert result.status == "SUCCESSFUL" and rows(db) == uuids
    assert result.worker_pid > 0 and result.worker_host and result.runner_pid > 0
    assert_sound(db, uuids)


@on_postgres
def test_completing_in_sql(db, plain, folder, start_worker):
    """An executable, with a client of its own."""
    db.execute("CREATE TABLE effects (job text, note integer)")
    script = (f"#!/bin/sh\nexec /usr/bin/python3 - <<'END'\nimport os, psycopg2\n"
              f"c = psycopg2.connect('{db.url}')\nc.cursor().execute(\"INSERT INTO effects VALUES"
              " (%s, 1)\", (os.environ['PLAIN_JOB_ROOT_UUID'],))\n"
              "c.cursor().execute('SELECT plain_jobs_complete(%s)', (os.environ['PLAIN_JOB_UUID'],))"
              "\nc.commit()\nos._exit(1)\nEND\n")
    plain.add_executable("effect", script)
    uuids = plain.enqueue("effect", "--retries", 2)
    plain.drain()
    assert db.statuses() == ["SUCCESSFUL"] and rows(db) == uuids
    assert db.one("jobresult").cpu_us > 0 and db.one("jobresult").runner_pid > 0
    with pytest.raises(Exception, match="PJ507"):
        db.execute(f"SELECT plain_jobs_complete('{db.results()[0].job_process_uuid}')")
    assert_sound(db, uuids)
