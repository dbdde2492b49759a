"""plain jobs bench: figures that agree, nothing of the application touched, nothing left behind."""
import contextlib
import os
import re
import signal
import sqlite3
import subprocess

import pytest

import workers
from marks import on_one_store, on_postgres, on_sqlite
from program import TREE, program_path, release_path
from terminal import on_terminal
from workers import wait_until

PREFIX = "plainjobs_bench_"
CONDITIONS = {"postgres": ["server", "fsync", "synchronous_commit", "full_page_writes"],
              "sqlite": ["server", "journal_mode", "synchronous"]}


@pytest.fixture(autouse=True)
def release(plain):
    plain.program = release_path()


def places(db):
    """The schemas or files of measurements, with what lies beside them."""
    if db.kind == "postgres":
        return [row.nspname for row in db.query("SELECT nspname FROM pg_namespace"
                                                f" WHERE starts_with(nspname, '{PREFIX}')")]
    return [path.name for path in db.path.parent.glob(PREFIX + "*")]


def assert_gone(db, folder):
    assert places(db) == []
    assert list(folder.glob("plain-jobs/*")) == []  # files of workers


def results_there(db, job_class):
    """How many results of a class the measurement has so far."""
    found = [name for name in places(db) if db.kind == "postgres" or name.endswith(".db")]
    if not found:
        return 0
    condition = f"WHERE job_class = '{job_class}'"
    if db.kind == "postgres":
        with contextlib.suppress(Exception):  # its tables are being made
            return db.query(f"SELECT count(*) AS n FROM {found[0]}.plainjobs_jobresult"
                            f" {condition}")[0].n
        return 0
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(
            sqlite3.connect(f"file:{db.path.parent / found[0]}?mode=ro", uri=True)) as connection:
        return connection.execute(f"SELECT count(*) FROM plainjobs_jobresult {condition}"
                                  ).fetchone()[0]
    return 0


class Bench:
    """One that runs."""

    def __init__(self, plain, db, *options):
        self.db = db
        self.folder = plain.folder
        self.process = plain.start("jobs", "bench", *options, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def await_results(self, job_class):
        def look():
            assert self.process.poll() is None, self.process.communicate()
            return results_there(self.db, job_class)
        wait_until(look, f"results of {job_class}")

    def end(self, code):
        out, err = self.process.communicate(timeout=40)
        assert self.process.returncode == code, (self.process.returncode, out, err)
        assert out == ""
        return err


@pytest.fixture
def start_bench(plain, db):
    started = []

    def start(*options):
        started.append(Bench(plain, db, *options))
        return started[-1]
    yield start
    for bench in started:
        if bench.process.poll() is None:
            bench.process.kill()
            bench.process.communicate()


def test_figures_are_consistent_and_the_application_is_not_touched(db, plain, folder):
    plain.enqueue("Nobodys", "--unregistered", "--count", 3)
    before = db.counts(), db.rows("jobrequest")
    shown = plain.json("jobs", "bench", "--jobs", 20, "--max-processes", 3)
    assert (db.counts(), db.rows("jobrequest")) == before
    assert_gone(db, folder)
    assert list(shown["database"])[:4] == CONDITIONS[db.kind]
    assert shown["version"] == plain.json("version")["version"]
    assert (shown["jobs"], shown["runners"]) == (20, 3) and shown["cpus"] >= 1
    for step in ("enqueue", "drain"):
        figures = shown[step]
        assert figures["count"] == 20 and figures["us"] > 0
        assert figures["per_second"] == pytest.approx(20e6 / figures["us"], abs=1)
    assert shown["drain"]["start_us"] > 0
    for step in ("pickup", "lost"):
        figures = shown[step]
        assert figures["count"] == 20
        assert 0 < figures["p50_us"] <= figures["p90_us"] <= figures["p99_us"] <= figures["max_us"]


LINES = [r"plain-jobs \S+, (SQLite|PostgreSQL) [\d.]+, (\S+=\S+ ?)+, CPUs \d+, runners \d+",
         r"Enqueue: 1 jobs in [\d.]+ s, \d+ a second", r"Drain: 1 jobs in [\d.]+ s, \d+ a second",
         *(rf"{what}: 1 jobs, p50 {{0}}, p90 {{0}}, p99 {{0}}, max {{0}}".format(r"[\d.]+ ms")
           for what in ("Pick-up", "Killed runner to LOST"))]


def test_it_needs_nothing_of_the_application(empty_db, plain, folder):
    """Neither tables nor modules that load, executables or middleware that are there."""
    plain.program = program_path()  # once with the sanitizers
    (folder / "app").mkdir()
    (folder / "app/jobs.so").write_text("no module")
    plain.add_executable("broken", "#!/bin/sh\n", mode=0o666)
    plain.env["PLAIN_JOBS_MIDDLEWARE"] = '["NoSuchMiddleware"]'
    before = sorted(folder.iterdir())
    done = plain("jobs", "bench", "--jobs", 1)
    assert len(done.lines) == len(LINES), done
    for line, pattern in zip(done.lines, LINES):
        assert re.fullmatch(pattern, line), done
    assert done.stderr == ""
    assert_gone(empty_db, folder)
    assert [path for path in sorted(folder.iterdir()) if path.name != "plain-jobs"] == before


@on_one_store
def test_people_get_a_table_and_are_told_what_they_wait_for(db, plain, folder):
    seen, code = on_terminal([release_path(), "jobs", "bench", "--jobs", 2], "", folder, plain.env)
    assert code == 0, seen
    assert "Killing runners in their jobs ..." in seen
    assert re.search(r"^MEASURED +JOBS +TIME +PER SECOND +P50 +P90 +P99 +MAX", seen, re.M)
    assert re.search(r"^Drain +2 +[\d.]+ s +\d+ +- +- +- +-", seen, re.M), seen
    assert re.search(r"^Pick-up +2 +- +- +[\d.]+ ms", seen, re.M), seen


@pytest.mark.parametrize("number, jobs, step", [
    (signal.SIGTERM, 30000, "BenchNoopJob"),
    (signal.SIGINT, 400, "BenchPickupJob"),
    (signal.SIGTERM, 30, "BenchVictimJob"),
])
def test_a_signal_in_the_middle_leaves_nothing(db, folder, start_bench, number, jobs, step):
    bench = start_bench("--jobs", jobs)
    bench.await_results(step)
    bench.process.send_signal(number)
    assert "is deleted" in bench.end(-number)
    assert_gone(db, folder)


def test_a_worker_that_dies_fails_it_and_leaves_nothing(db, folder, start_bench):
    bench = start_bench("--jobs", 400)
    bench.await_results("BenchPickupJob")
    worker, = workers.children(bench.process.pid)
    os.kill(worker, signal.SIGKILL)
    said = bench.end(1)
    assert "error[PJ207]" in said and "signal 9" in said
    assert_gone(db, folder)


@on_postgres
def test_a_step_that_fails_leaves_nothing(db, folder, start_bench):
    bench = start_bench("--jobs", 400)
    bench.await_results("BenchPickupJob")
    name, = places(db)
    # Enqueueing fails; what is there already can be claimed.
    db.execute(f"ALTER TABLE {name}.plainjobs_jobrequest ADD CONSTRAINT no_more"
               " CHECK (job_class = '') NOT VALID")
    said = bench.end(1)
    assert "error[PJ304]" in said and "no_more" in said
    assert_gone(db, folder)


@on_sqlite
def test_what_cannot_be_deleted_is_named(db, plain, start_bench):
    bench = start_bench("--jobs", 20)
    bench.await_results("BenchPickupJob")
    beside, = db.path.parent.glob(PREFIX + "*-workers")
    (beside / "of somebody else").mkdir()
    out, said = bench.process.communicate(timeout=40)
    assert bench.process.returncode == 1
    name = beside.name.removesuffix(".db-workers")
    assert f"error[PJ309]: {name} is left" in said and name + ".db-workers" in said.split("→")[1]
    assert "Killed runner to LOST: 20 jobs" in out  # it was measured all the same
    assert (beside / "of somebody else").is_dir()


@on_postgres
def test_a_user_who_may_make_no_schema_is_told(db, plain, folder):
    user = f"poor_{db.name}"
    db.execute(f"CREATE ROLE {user} LOGIN")
    done = plain.fails(1, 304, "--db", db.url.replace("plain@", f"{user}@"), "jobs", "bench")
    assert "GRANT CREATE ON DATABASE" in done.stderr
    assert_gone(db, folder)
    db.execute(f"DROP ROLE {user}")


@on_one_store
def test_no_process_outlives_it(db, start_bench):
    bench = start_bench("--jobs", 400)
    bench.await_results("BenchPickupJob")
    left = [bench.process.pid, *workers.children(bench.process.pid)]
    left += workers.children(left[1])
    assert len(left) > 2
    bench.process.kill()
    bench.process.communicate()
    wait_until(lambda: not any(map(workers.is_alive, left)), "the end of its processes")


def make_bench(plain, db, **env):
    """`make bench` without the peer."""
    return subprocess.Popen([TREE / "bench/run.sh", "1"], stdin=subprocess.DEVNULL, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=plain.folder,
                            env={**plain.env, "RELEASE": str(release_path().parent), "NPM": "none",
                                 "TMPDIR": str(plain.folder), "PICKUPS": "5", **env})


@on_postgres
def test_make_bench_compares_with_bare_sql(db, plain, folder):
    out, said = make_bench(plain, db, JOBS="10").communicate(timeout=60)
    assert said == ""
    for what in ("bulk 10", "drain 10"):
        assert re.search(rf"^plain-jobs {what} +\d+ jobs a second \([\d.]+ s\)", out, re.M), out
    for what in ("plain-jobs pick-up", "bare SQL insert to claim"):
        assert re.search(rf"^{what} +p50 [\d.]+ ms, .* p99 [\d.]+ ms", out, re.M), out
    assert re.search(r" p50 [\d.]+ times that of bare SQL$", out, re.M), out
    assert_gone(db, folder)
    assert db.query("SELECT * FROM pg_namespace WHERE nspname = 'plainjobs_bare'") == []
    assert list(folder.glob("tmp.*")) == []


@on_postgres
def test_make_bench_that_is_stopped_leaves_nothing(db, plain, folder):
    bench = make_bench(plain, db, JOBS="400")
    wait_until(lambda: results_there(db, "BenchPickupJob"), "a result")
    bench.terminate()
    bench.communicate(timeout=40)
    assert bench.returncode == 130
    assert_gone(db, folder)
    assert list(folder.glob("tmp.*")) == []
