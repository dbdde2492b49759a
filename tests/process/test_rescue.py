"""Workers that die in the middle of their work: nothing is lost, nothing is done twice without a
LOST attempt that explains it."""
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import time
import uuid

import pytest

from marks import on_one_store, on_postgres
from program import sized
from verify import History, assert_explained, assert_sound, lost_without_start
from workers import is_alive, living_in, wait_until

# A lease that is waited for, and one that holds.
SHORT = {"PLAIN_JOBS_HEARTBEAT_INTERVAL": "100ms", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "3"}
LONG = {"PLAIN_JOBS_HEARTBEAT_INTERVAL": "100ms", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "60"}
LEASE_S = 3


def worker_files(plain):
    return [path for folder in ("plain.db-workers", "plain-jobs")
            for path in sorted(plain.folder.glob(f"{folder}/w*"))]


def lines(plain, what):
    path = plain.folder / "trace.log"
    return [line for line in path.read_text().splitlines()
            if line[0] == what] if path.exists() else []


def kill_all(worker):
    """The worker and then what is left of its runners: as if all went at once."""
    runners = worker.runners()
    for pid in [worker.pid, *runners]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    worker.process.wait()
    wait_until(lambda: not any(map(is_alive, runners)), "the end of the runners", seconds=10)


@contextlib.contextmanager
def away(db):
    """Nobody can write to the database."""
    if db.kind == "postgres":
        db.cluster.stop(signal.SIGQUIT)
        try:
            yield
        finally:
            db.cluster.start()
    else:
        foreign = sqlite3.connect(db.path, isolation_level=None, timeout=30)
        foreign.execute("PRAGMA wal_autocheckpoint = 0")
        foreign.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            foreign.execute("ROLLBACK")
            foreign.close()


def test_jobs_of_a_killed_worker_run_again_at_once(db, plain, module, start_worker):
    """The lease is a minute long, and is not waited for."""
    uuids = plain.enqueue("FirstSlowJob", "--count", 2, "--retries", 1)
    slow = plain.folder / "slow.log"
    began = time.monotonic()
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: slow.exists() and slow.read_text().count("S") == 2, "both to run")
    usual = time.monotonic() - began
    kill_all(worker)
    assert len(worker_files(plain)) == 1
    began = time.monotonic()
    second = start_worker("--max-processes", 2)
    wait_until(lambda: slow.read_text().count("S") == 4, "both to run again")
    took = time.monotonic() - began
    db.await_results(4)
    second.stop()
    assert took < 1 + 3 * usual, (took, usual)
    assert sorted(db.statuses()) == ["LOST"] * 2 + ["SUCCESSFUL"] * 2
    for row in db.results():
        if row.status == "LOST":
            assert f"(pid {worker.pid}) was killed" in row.error_message
            assert (row.lost_count, row.crash_count, row.worker_pid) == (1, 0, worker.pid)
    assert worker_files(plain) == [] and db.rows("workerheartbeat") == []
    assert_sound(db, uuids)


@on_postgres
def test_the_file_of_a_dead_worker_is_found_by_any_url_of_its_database(db, plain, module,
                                                                       make_database, start_worker):
    plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    slow = plain.folder / "slow.log"
    wait_until(lambda: slow.exists() and slow.read_text().count("S") == 1, "it to run")
    kill_all(worker)
    (file,) = worker_files(plain)
    with make_database("postgres", plain.folder, True) as other:
        plain("jobs", "worker", "--drain", env={"DATABASE_URL": db.cluster.tcp_url(other.name)})
    assert worker_files(plain) == [file]
    plain.drain(env={"DATABASE_URL": db.cluster.tcp_url(db.name) + "?application_name=other"})
    assert db.statuses() == ["LOST", "SUCCESSFUL"]
    assert worker_files(plain) == []


@on_postgres
def test_a_role_that_may_not_ask_for_the_server_has_workers_too(db, plain, module):
    db.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC;"
               "CREATE ROLE app LOGIN;"
               "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app")
    plain.enqueue("NoopJob", "--count", 2)
    env = {"DATABASE_URL": db.url.replace("plain@", "app@")}
    try:
        done = plain.drain(env=env)
        assert "Database not identified" in done.stderr
        plain("jobs", "delete", db.results()[0].job_process_uuid, env=env)
    finally:
        db.execute("DROP OWNED BY app; DROP ROLE app")
    assert db.statuses() == ["SUCCESSFUL"]


def test_what_was_not_entered_goes_back_as_it_was(db, plain, module, start_worker):
    """Also with retries = 0: nothing but the job that was entered is lost."""
    plain.env.update({"PLAIN_JOBS_START_AHEAD_MS": "1000", "PLAIN_JOBS_WORKER_STATS_EVERY": "50ms"})
    before = plain.enqueue("NoopJob", "--count", 100)
    worker = start_worker("--max-processes", 1)
    db.await_results(100)
    (runner,) = worker.runners()
    os.kill(runner, signal.SIGSTOP)  # until the others are handed out behind the long one
    seen = len(worker.events("Job worker stats"))
    (long,) = plain.enqueue("TraceJob", "ms=60000")
    after = plain.enqueue("NoopJob", "--count", 50)
    wait_until(lambda: any(stats["jobs_running"] > 1
                           for stats in worker.events("Job worker stats")[seen:]), "the hand-out")
    worker.send(signal.SIGSTOP)  # it would take them back
    os.kill(runner, signal.SIGCONT)
    wait_until(lambda: lines(plain, "S"), "the long job")
    assert db.count("jobprocess") > 1
    kill_all(worker)
    plain.drain("--max-processes", 1)
    assert len(db.results("NoopJob")) == 150
    assert {row.retry_attempt for row in db.results()} == {0}
    assert {row.job_request_uuid for row in db.results() if row.status == "LOST"} == {long}
    assert {row.job_request_uuid for row in db.results()} == {long, *before, *after}
    assert_sound(db, [long, *before, *after])


@pytest.fixture
def gate_job(plain, gate_module):
    """A module whose job runs until there is a file."""
    (plain.folder / "app").mkdir()
    shutil.copy(gate_module, plain.folder / "app/jobs.so")


def test_ends_that_the_database_could_not_take_are_written_later(db, plain, gate_job, start_worker):
    """And not repeated: a success, and a failure with its words."""
    plain.add_executable("fails", "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\n"
                                  "echo S >>fails.log\necho the reason >&2\nexit 3\n")
    uuids = plain.enqueue("GateJob", "name=go", "--retries", 3)
    uuids += plain.enqueue("fails", "--retries", 1)
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: lines(plain, "S") and db.count("jobprocess") == 2, "both to run")
    with away(db):
        (plain.folder / "go").touch()
        wait_until(lambda: worker.events("Completed job") and worker.events("Job failed"),
                   "both ends")
        assert worker.process.poll() is None
        kill_all(worker)
    second = start_worker("--max-processes", 2)
    db.await_results(3)
    second.stop()
    assert db.statuses("GateJob") == ["SUCCESSFUL"]
    assert db.statuses("fails") == ["ERRORED", "ERRORED"]
    assert {(row.error_message, row.exit_code) for row in db.results("fails")} == {
        ("the reason", 3)}
    assert (plain.folder / "fails.log").read_text() == "S\nS\n"
    assert len(lines(plain, "S")) == len(lines(plain, "E")) == 1
    assert_sound(db, uuids)


def test_what_a_job_wrote_outlives_its_worker(db, plain, module, start_worker):
    """As far as the worker had read it; its last 64 KiB."""
    plain.add_executable("talks", "#!/bin/sh\nseq -f %060.0f 2000\necho last words >&2\nsleep 60\n")
    plain.enqueue("talks")
    worker = start_worker("--max-processes", 1)
    worker.await_text("last words")
    kill_all(worker)
    plain.drain("--max-processes", 1)
    row = db.one("jobresult")
    whole = "".join(f"{n:060}\n" for n in range(1, 2001)) + "last words\n"
    note, newline, kept = row.output.partition("\n")
    assert row.status == "LOST" and whole.endswith(kept) and len(kept) == 65536
    assert note == f"[{len(whole) - 65536} bytes before this are not kept]"
    assert (row.cpu_us, row.max_rss_kb) == (None, None)  # nobody has seen it end


def test_an_end_that_is_written_later_has_its_output_and_figures(db, plain, module, start_worker):
    plain.add_executable("ends", "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\n"
                                 "echo so it ends\necho E >>ends.log\nexit $PLAIN_ARG_CODE\n")
    for code in range(2):
        plain.enqueue("ends", f"code={code}")
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: db.count("jobprocess") == 2, "both to run")
    with away(db):
        (plain.folder / "go").touch()
        wait_until(lambda: len(worker.events("Completed job") + worker.events("Job failed")) == 2,
                   "both ends")
        kill_all(worker)
    plain.drain("--max-processes", 1)
    assert sorted(db.statuses()) == ["ERRORED", "SUCCESSFUL"]
    for row in db.results():
        assert row.output == "so it ends\n" and row.worker_pid == worker.pid
        assert row.cpu_us >= 0 and row.max_rss_kb > 0
    assert (plain.folder / "ends.log").read_text() == "E\nE\n"


def test_a_neighbour_takes_over_at_once(db, plain, module, start_worker):
    uuids = plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    other = start_worker("--max-processes", 1)
    other.await_event("Worker registered")
    os.kill(worker.pid, signal.SIGKILL)
    worker.process.wait()
    db.await_results(2, seconds=30)
    assert db.statuses() == ["LOST", "SUCCESSFUL"]
    assert other.events("Rescuing jobs of dead workers")
    other.stop()
    assert_sound(db, uuids)


def test_a_stopped_worker_cannot_keep_a_job_alive_past_its_lease(db, plain, module, start_worker):
    """Its runner ends itself before anybody else may run the job; when it goes on, it has another
    id and does no harm."""
    plain.env.update(SHORT)
    uuids = plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    (runner,) = worker.runners()
    worker.pause(db)
    plain.env.update(LONG)
    other = start_worker("--max-processes", 1)
    wait_until(lambda: db.results() or not is_alive(runner), "the end of the runner")
    assert not is_alive(runner), "it was rescued while its runner lived"
    db.await_results(2)
    assert db.statuses() == ["LOST", "SUCCESSFUL"]
    assert "lost its lease" in db.results()[0].error_message
    worker.send(signal.SIGCONT)
    worker.await_event("Worker lost its lease")
    wait_until(lambda: len(worker.events("Worker registered")) == 2, "its new id")
    assert len({e["worker_id"] for e in worker.events("Worker registered")}) == 2
    worker.stop()
    other.stop()
    assert len(db.results()) == 2
    assert_sound(db, uuids)


def test_a_paused_machine_does_no_harm(db, plain, module, start_worker):
    """Worker and runner are stopped; when they go on, the runner ends itself and the worker's end
    is superseded."""
    plain.env.update(SHORT)
    uuids = plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    (runner,) = worker.runners()
    os.kill(runner, signal.SIGSTOP)
    worker.pause(db)
    plain.env.update(LONG)
    other = start_worker("--max-processes", 1)
    db.await_results(2)
    for pid in (runner, worker.pid):
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not is_alive(runner), "the end of the runner", seconds=10)
    wait_until(lambda: len(worker.events("Worker registered")) == 2, "its new id")
    worker.stop()
    other.stop()
    assert db.statuses() == ["LOST", "SUCCESSFUL"]
    assert_sound(db, uuids)


@pytest.mark.parametrize("damage", ["gone", "cut", "garbage", "entries"])
def test_without_its_file_a_dead_worker_is_rescued_by_the_lease(db, plain, module, start_worker,
                                                                damage):
    """As when the host is gone; a damaged file is as good as none. Nobody can say whether the job
    had started."""
    plain.env.update(SHORT)
    uuids = plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    (path,) = worker_files(plain)
    plain.env.update(LONG)
    other = start_worker("--max-processes", 1)
    other.await_event("Worker registered")
    worker.send(signal.SIGSTOP)
    hurt(path, damage)
    kill_all(worker)
    died = time.monotonic()
    lost = db.await_results(1)[0]
    took = time.monotonic() - died
    assert lost.status == "LOST" and "the job may not have started" in lost.error_message
    assert took < LEASE_S + 20, took
    db.await_results(2)
    other.stop()
    assert worker_files(plain) == [] and db.rows("workerheartbeat") == []
    assert_sound(db, uuids)


def hurt(path, damage):
    size = path.stat().st_size
    if damage == "gone":
        path.unlink()
        return
    copy = path.read_bytes()
    path.unlink()  # the one that is mapped must not be cut: that would be another death
    if damage == "cut":
        copy = copy[:size // 2]
    elif damage == "garbage":
        copy = random.Random(7).randbytes(size)
    else:
        at = 64 * 1024 + 512  # behind the head
        copy = copy[:at] + b"\xa5" * 4096 + copy[at + 4096:]
    path.write_bytes(copy)


def test_a_clock_that_jumps_is_no_death(db, plain, module, start_worker):
    """By the database's clock the worker was not heard of for an hour; its file says that it
    lives."""
    plain.add_executable("gate", "#!/bin/sh\necho S >>gate.log\n"
                                 "while [ ! -e go ]; do sleep 0.05; done\n")
    uuids = plain.enqueue("gate")
    worker = start_worker("--max-processes", 1)
    wait_until((plain.folder / "gate.log").exists, "the job to run")
    hour = "interval '1 hour'" if db.kind == "postgres" else "3600 * 1000000"
    db.execute("UPDATE plainjobs_workerheartbeat"
               f" SET last_heartbeat_at = last_heartbeat_at - {hour}")
    plain.drain("--max-processes", 1)  # which looks for the dead before it ends
    assert db.results() == []
    (plain.folder / "go").touch()
    db.await_results(1)
    worker.stop()
    assert db.statuses() == ["SUCCESSFUL"]
    assert (plain.folder / "gate.log").read_text() == "S\n"
    assert_sound(db, uuids)


def test_what_a_job_left_running_ends_when_its_worker_was_killed(db, plain, module, start_worker):
    """A child that the killed job had started would go on beside the retry."""
    plain.add_executable("forker", "#!/bin/sh\necho S >>forker.log\nsleep 50 &\nsleep 60\n")
    plain.enqueue("forker")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "forker.log").exists(), "the job to run")
    wait_until(lambda: len(living_in(plain.folder)) >= 5, "its children")
    os.kill(worker.pid, signal.SIGKILL)
    worker.process.wait()
    plain.drain("--max-processes", 1)
    assert db.statuses() == ["LOST"]
    wait_until(lambda: not living_in(plain.folder), "the end of what it had started", seconds=10)


@on_one_store
def test_a_file_that_a_killed_worker_had_only_begun_is_removed(db, plain, module, start_worker):
    """test_random_kills_lose_nothing found one now and then."""
    folder = plain.folder / "plain.db-workers"
    folder.mkdir(mode=0o700)
    begun = folder / "w0123abcd.new"
    begun.write_bytes(b"")
    mine = folder / "w0123abcd.new.txt"
    mine.write_bytes(b"")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: not begun.exists(), "the end of what was begun")
    worker.stop()
    assert mine.exists()


@on_one_store
def test_what_is_no_file_in_its_folder_stops_no_worker(db, plain, module, start_worker):
    folder = plain.folder / "plain.db-workers"
    folder.mkdir(mode=0o700)
    os.mkfifo(folder / "w0000000b")
    (folder / "w0000000a").mkdir()
    worker = start_worker("--max-processes", 1)
    plain.enqueue("NoopJob")
    db.await_results(1)
    worker.stop()
    (told,) = worker.events("Worker file not used")
    assert "w0000000b" in told["error"], "the other one stays, and would be told at each look"


@on_postgres
def test_a_drain_waits_for_what_a_killed_worker_had_under_way(db, plain, module, start_worker):
    """Its last statement, which the server goes on with, has its row. test_random_kills_lose_nothing
    found the row there after the drain now and then."""
    worker = start_worker("--max-processes", 1)
    worker.await_event("Worker registered")
    with contextlib.closing(db.connect()) as statement:
        statement.cursor().execute("SELECT FROM plainjobs_workerheartbeat FOR UPDATE")
        kill_all(worker)
        drain = start_worker("--drain", "--max-processes", 1)
        drain.await_event("Worker registered")
        time.sleep(1)
        assert drain.process.poll() is None
        statement.rollback()
        drain.wait()
    assert db.rows("workerheartbeat") == [] and worker_files(plain) == []


def test_what_a_lost_host_had_claimed_and_not_started_goes_back_as_it_was(db, plain, module):
    """As a worker of the Python package does, whose claims have no start."""
    worker, attempt, request = (f"x'{n:032x}'" if db.kind == "sqlite" else f"'{uuid.UUID(int=n)}'"
                                for n in (1, 2, 3))
    before = {"sqlite": "1700000000000000", "postgres": "'2023-11-14'"}[db.kind]
    db.execute("INSERT INTO plainjobs_workerheartbeat (worker_id, hostname, last_heartbeat_at,"
               f" lease_ms) VALUES ({worker}, 'gone', {before}, 1000);"
               "INSERT INTO plainjobs_jobprocess (uuid, created_at, job_request_uuid, requested_at,"
               " worker_id, job_class, parameters, retry_attempt, retries)"
               f" VALUES ({attempt}, {before}, {request}, {before}, {worker}, 'NoopJob',"
               """ '{"args": [], "kwargs": {}}', 1, 2)""")
    plain.drain()
    row = db.one("jobresult")
    assert (row.status, row.retry_attempt, row.lost_count or 0) == ("SUCCESSFUL", 1, 0)
    assert row.job_request_uuid == str(uuid.UUID(int=3))
    assert db.rows("workerheartbeat") == []


@on_postgres
def test_a_rescue_that_was_given_up_is_looked_at_again_soon(db, plain, module, start_worker):
    """Its row says so by a time before all others, and another rescuer has it just now."""
    plain.env.update({"PLAIN_JOBS_HEARTBEAT_INTERVAL": "200", "PLAIN_JOBS_HEARTBEAT_TIMEOUT": "600"})
    db.execute("INSERT INTO plainjobs_workerheartbeat (worker_id, rescuer_id, last_heartbeat_at)"
               " VALUES (gen_random_uuid(), gen_random_uuid(), '-infinity')")
    with contextlib.closing(db.connect()) as rescuer:
        rescuer.cursor().execute("SELECT FROM plainjobs_workerheartbeat FOR UPDATE")
        worker = start_worker("--max-processes", 1)
        worker.await_event("Worker registered")
        time.sleep(0.5)
    wait_until(lambda: len(db.rows("workerheartbeat")) == 1, "the end of its row")
    worker.stop()


SLOW_REGISTRATION = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON plainjobs_workerheartbeat FOR EACH ROW EXECUTE FUNCTION slow();
"""
WAITING = "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event = 'advisory'"


@on_postgres
def test_a_worker_killed_while_it_registered_leaves_no_row(db, plain, module, start_worker):
    """The server goes on with that, too, and its file is not forgotten before it has."""
    other = start_worker("--max-processes", 1)
    other.await_event("Worker registered")
    db.execute(SLOW_REGISTRATION)
    with contextlib.closing(db.connect()) as lock:
        lock.cursor().execute("SELECT pg_advisory_lock(1)")
        worker = start_worker("--max-processes", 1)
        wait_until(lambda: db.query(WAITING)[0].n == 1, "its registration")
        kill_all(worker)
        time.sleep(1)  # the other one looks twice a second
    wait_until(lambda: len(worker_files(plain)) == 1, "the end of its file")
    assert [row.pid for row in db.rows("workerheartbeat")] == [other.pid]
    other.stop()


def test_a_job_lost_with_its_worker_is_retried_at_most_ten_times(db, plain, module, start_worker):
    """Nine losses are in its row; the tenth is the last."""
    plain.enqueue("FirstSlowJob", "--retries", 20)
    db.execute("UPDATE plainjobs_jobrequest SET lost_count = 9")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    kill_all(worker)
    plain.drain("--max-processes", 1)
    (row,) = db.results()
    assert (row.status, row.lost_count, row.retry_job_request_uuid) == ("LOST", 10, None)
    assert "10 times: no retry" in row.error_message


def test_a_class_that_the_rescuer_does_not_have_is_no_reason_to_discard(db, plain, module,
                                                                        start_worker):
    plain.enqueue("FirstSlowJob", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "slow.log").exists(), "the job to run")
    kill_all(worker)
    module.unlink()
    plain.add_executable("other", "#!/bin/sh\n")
    plain.drain("--max-processes", 1)
    assert db.statuses() == ["LOST"]
    (row,) = db.rows("jobrequest")
    assert (row.job_class, row.retry_attempt) == ("FirstSlowJob", 1)


@on_one_store
def test_a_folder_that_cannot_hold_the_file_is_refused(plain, db, module):
    folder = plain.folder / "plain.db-workers"
    folder.write_text("in the way")
    done = plain.fails(1, 622, "jobs", "worker", "--drain")
    assert "plain.db-workers" in done.stderr
    folder.unlink()
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    plain.fails(1, 622, "jobs", "worker", "--drain")
    folder.chmod(0o700)
    plain.drain()
    assert list(folder.iterdir()) == []


@on_postgres
def test_a_read_only_folder_is_refused(plain, db, module):
    """Where nobody can make a file, not even root."""
    done = plain.fails(1, 622, "jobs", "worker", "--drain", env={"RUNTIME_DIRECTORY": "/sys"})
    assert "/sys" in done.stderr and "\n  → " in done.stderr


@on_postgres
def test_the_folder_is_the_services_or_the_users(db, plain, module, start_worker):
    service = plain.folder / "run"
    for env, folder in (({"RUNTIME_DIRECTORY": f"{service}:/nowhere"}, service),
                        ({}, plain.folder / "plain-jobs")):
        plain.env.update(env)
        worker = start_worker("--max-processes", 1)
        worker.await_event("Worker registered")
        (path,) = folder.iterdir()
        assert folder.stat().st_mode & 0o777 == 0o700 and path.stat().st_mode & 0o777 == 0o600
        worker.stop()
        plain.env.pop("RUNTIME_DIRECTORY", None)


def test_random_kills_lose_nothing(db, plain, module, start_worker):
    """Workers are killed at any moment, together with their runners or not."""
    jobs, kills = sized(300, 10000), sized(8, 200)
    chance = random.Random(4)
    uuids = plain.enqueue("TraceJob", "ms=4", "--count", jobs, "--retries", 30, timeout=300)
    for _ in range(kills):
        before = len(lines(plain, "S"))
        worker = start_worker("--max-processes", 4)
        wait_until(lambda: len(lines(plain, "S")) >= before + 4 or db.count("jobrequest") == 0,
                   "some to run")
        time.sleep(chance.uniform(0, 0.12))
        if chance.random() < 0.5:
            kill_all(worker)
        else:
            os.kill(worker.pid, signal.SIGKILL)
            worker.process.wait()
    plain.drain("--max-processes", 4, timeout=600)
    assert_sound(db, uuids, plain.folder / "trace.log", kills=True)
    assert_explained(db, plain.folder / "trace.log")
    history = History.read(db, plain.folder / "trace.log")
    assert len(lost_without_start(history)) <= 2 + db.statuses().count("LOST") // 2
    assert db.rows("workerheartbeat") == [] and worker_files(plain) == []
