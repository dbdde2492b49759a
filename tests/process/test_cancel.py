"""plain jobs cancel: what is pending ends at once, what runs is asked, then stopped; nothing is
retried."""
import json
import os
import shutil

import pytest

from marks import on_one_store, on_postgres
from verify import assert_sound
from workers import is_alive, living_in, wait_until

UNKNOWN = "00000000-0000-7000-8000-000000000000"


def lines(folder, name):
    path = folder / name
    return path.read_text().splitlines() if path.exists() else []


def await_running(folder, n=1):
    wait_until(lambda: len(lines(folder, "running")) >= n, "the jobs to run")


def test_a_pending_job_ends_at_once(db, plain, stops, folder, start_worker):
    """Also one with a key, and one that waits for its time; the hook is told by a worker."""
    uuids = plain.enqueue("StopJob", "how=sleep", "--key", "k", "--retries", 5)
    uuids += plain.enqueue("StopJob", "how=sleep", "--delay", "1h", "--timeout", "7s")
    done = plain("jobs", "cancel", *uuids)
    assert done.lines == [f"{uuid} CANCELLED" for uuid in uuids]
    for row in db.results():
        assert row.status == "CANCELLED" and row.error_type == "Cancelled"
        assert row.error_message.startswith("cancelled by cli(")
        assert row.started_at is None
    assert db.count("jobrequest") == db.count("jobkey") == 0
    plain.enqueue("StopJob", "how=sleep", "ms=0", "--key", "k")
    plain.drain()
    assert db.statuses() == ["CANCELLED", "CANCELLED", "SUCCESSFUL"]
    assert [line.split()[0] for line in lines(folder, "hooks")] == ["CANCELLED"] * 2
    stats = plain.json("jobs", "stats")
    assert (stats["cancelled"], stats["successful"]) == (2, 1)
    assert_sound(db)


def test_a_running_job_is_asked_first(db, plain, stops, folder, start_worker):
    """It hears of it within a second, cleans up and returns; its end is CANCELLED all the same."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "20"
    (uuid,) = plain.enqueue("StopJob", "how=look", "--retries", 3)
    worker = start_worker("--max-processes", 1)
    await_running(folder)
    assert plain("jobs", "cancel", uuid).line == f"{uuid} STOPPING"
    row = db.await_results(1)[0]
    assert (row.status, row.exit_signal) == ("CANCELLED", None)
    assert row.error.splitlines()[0] == f"Cancelled: {row.error_message}"
    assert row.error_message.startswith("cancelled by cli(")
    assert lines(folder, "cleaned") == ["look"]
    wait_until(lambda: lines(folder, "hooks"), "on_aborted")
    plain.enqueue("StopJob", "how=sleep", "ms=0")
    db.await_results(2)
    assert len({row.runner_pid for row in db.results()}) == 1, "its runner was killed"
    worker.stop()
    assert db.count("jobrequest") == 0
    assert_sound(db)


def test_whatever_it_does_it_is_stopped(db, plain, stops, folder, start_worker):
    hows = ["sleep", "ignore", "fork"]
    uuids = [uuid for how in hows
             for uuid in plain.enqueue("StopJob", f"how={how}", "--retries", 3)]
    worker = start_worker("--max-processes", 3)
    await_running(folder, 3)
    plain("jobs", "cancel", *uuids)
    rows = db.await_results(3)
    assert {row.status for row in rows} == {"CANCELLED"}
    worker.stop()
    assert db.count("jobrequest") == 0
    wait_until(lambda: not living_in(folder), "the end of what they forked")
    assert_sound(db, uuids)


def test_an_executable_gets_sigterm_and_the_time_to_clean_up(db, plain, folder, start_worker):
    """Its end is CANCELLED although its exit code is that of a success."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "20"
    plain.add_executable("program", "#!/bin/sh\ntrap 'echo >told; exit 0' TERM\ntouch here\n"
                                    "while :; do sleep 0.05; done\n")
    uuids = plain.enqueue("program", "--retries", 3)
    worker = start_worker("--max-processes", 1)
    wait_until((folder / "here").exists, "the executable")
    plain("jobs", "cancel", *uuids)
    (row,) = db.await_results(1)
    assert (row.status, row.exit_signal) == ("CANCELLED", None)
    assert (folder / "told").exists()
    worker.stop()
    assert db.count("jobrequest") == 0
    assert_sound(db, uuids)


def test_a_job_behind_another_is_never_entered(db, plain, stops, folder, start_worker):
    """One that is claimed, and waits: it ends at once, and others go on."""
    plain.env["PLAIN_JOBS_START_AHEAD_MS"] = "1000"
    plain.enqueue("StopJob", "how=sleep", "ms=0", "--count", 30)
    worker = start_worker("--max-processes", 1)
    db.await_results(30)
    plain("jobs", "pause", "default")
    (long,) = plain.enqueue("StopJob", "how=look", "--priority", 5)
    waiting = plain.enqueue("StopJob", "how=handle", "--count", 5)
    plain("jobs", "resume", "default")
    wait_until(lambda: db.count("jobprocess") == 6, "the long one and those behind it")
    plain("jobs", "cancel", *waiting)
    db.await_results(35)
    plain("jobs", "cancel", long)
    db.await_results(36)
    assert sorted(db.statuses()) == ["CANCELLED"] * 6 + ["SUCCESSFUL"] * 30
    assert "handle" not in lines(folder, "running")
    worker.stop()
    assert_sound(db)


def test_one_that_ends_by_itself_first_keeps_its_end(db, plain, folder, gate_module, start_worker):
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "60"
    (folder / "app").mkdir()
    shutil.copy(gate_module, folder / "app/jobs.so")
    (uuid,) = plain.enqueue("GateJob", "name=go")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: lines(folder, "trace.log"), "the job to run")
    plain("jobs", "cancel", uuid)
    worker.await_event("Stopping job")
    (folder / "go").touch()
    assert db.await_results(1)[0].status == "SUCCESSFUL"
    done = plain.fails(7, 506, "jobs", "cancel", uuid)
    assert "had ended SUCCESSFUL" in done.stderr
    worker.stop()
    assert_sound(db, [uuid])


def test_what_was_cancelled_is_not_continued(db, plain, module, start_worker):
    """Its end comes before its worker hears of the cancelling: the row itself says so. And a job that
    waits for its retry is cancelled by the uuid of its first request."""
    (uuid,) = plain.enqueue("TraceJob", "ms=60000", "--retries", 1)
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: db.count("jobprocess"), "the job")
    wait_until((plain.folder / "trace.log").exists, "its start")
    plain("jobs", "cancel", uuid)
    worker.send(15)
    worker.await_event("Job worker shutdown requested")
    worker.send(15)  # what may run twice would go back to the queue
    worker.wait()
    assert db.statuses() == ["CANCELLED"]
    assert db.count("jobrequest") == 0
    (second,) = plain.enqueue("FlakyJob", "bad_attempts=9", "--retries", 9)
    plain.drain()
    assert db.count("jobrequest") == 1
    assert plain("jobs", "cancel", second).line == f"{second} CANCELLED"
    assert db.count("jobrequest") == 0
    assert_sound(db, [uuid, second])


def test_who_wants_its_end_is_shown(db, plain, stops, folder, start_worker):
    """While it takes its time to end: since when, and who; of others nothing is said."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "30"
    (uuid,) = plain.enqueue("StopJob", "how=ignore")
    worker = start_worker("--max-processes", 1)
    await_running(folder)
    assert "CANCELLING" not in plain("jobs", "processes").lines[0]
    assert "cancelling" not in plain("jobs", "show", uuid).stdout
    (row,) = plain.json("jobs", "processes")["processes"]
    assert row["cancel_at"] is None and row["cancel_by"] is None
    plain("jobs", "cancel", uuid)
    (row,) = plain.json("jobs", "processes")["processes"]
    assert row["status"] == "PROCESSING" and row["cancel_at"] >= row["started_at"]
    assert row["cancel_by"].startswith("cli(")
    assert plain.json("jobs", "show", uuid)["attempts"][0]["cancel_by"] == row["cancel_by"]
    head, line = plain("jobs", "processes").lines
    assert "CANCELLING" in head and f" by {row['cancel_by']}" in line
    (line,) = [line for line in plain("jobs", "show", uuid).lines if "cancelling" in line]
    assert line.endswith(f" ago by {row['cancel_by']})")
    worker.send(15)
    worker.send(15)
    (runner,) = worker.runners()
    os.kill(runner, 9)
    worker.wait()
    assert_sound(db)


def test_a_row_that_is_deleted_stops_its_job(db, plain, stops, folder, start_worker):
    plain.enqueue("StopJob", "how=ignore", "--retries", 3)
    worker = start_worker("--max-processes", 1)
    await_running(folder)
    (runner,) = worker.runners()
    db.execute("DELETE FROM plainjobs_jobprocess")
    wait_until(lambda: not is_alive(runner), "the end of its runner")
    worker.await_event("Job's row is gone")
    worker.await_event("Ends were superseded")
    worker.stop()
    assert db.results() == [] and db.count("jobrequest") == 0


@on_postgres
def test_cancelling_in_sql(db, plain, stops, folder, start_worker):
    pending = plain.enqueue("StopJob", "how=sleep", "--delay", "1h")
    say = f"SELECT plain_jobs_cancel('{pending[0]}', 'ada') AS said"
    assert db.query("SELECT plain_jobs_cancel(gen_random_uuid()) AS said")[0].said is None
    db.execute(say)
    assert db.one("jobresult").error_message == "cancelled by ada"
    assert db.query(say)[0].said == "ended"
    assert_sound(db, pending)


@pytest.mark.parametrize("command", ["cancel", "delete"])
def test_two_requests_of_one_job_are_both_gone(db, plain, module, command):
    """Somebody made the second by SQL."""
    (uuid,) = plain.enqueue("NoopJob", "--delay", "1h")
    plain.enqueue("NoopJob", "--delay", "1h")
    root = db.rows("jobrequest")[0].root_uuid
    literal = f"x'{root.replace('-', '')}'" if db.kind == "sqlite" else f"'{root}'"
    db.execute(f"UPDATE plainjobs_jobrequest SET root_uuid = {literal}")
    plain("jobs", command, uuid)
    assert db.count("jobrequest") == 0
    assert db.statuses() == (["CANCELLED"] * 2 if command == "cancel" else [])


def test_every_job_is_told_of_and_the_first_error_counts(db, plain, module):
    one, two = plain.enqueue("NoopJob", "--count", 2)
    done = plain.fails(3, 502, "jobs", "cancel", one, UNKNOWN, "nonsense", two)
    assert done.lines == [f"{one} CANCELLED", f"{two} CANCELLED"]
    assert done.stderr.count("PJ502") == 2
    done = plain.run("--json", "jobs", "cancel", one)
    assert (done.code, json.loads(done.stdout)) == (7, {"format": 1, "jobs": []})
    (three,) = plain.enqueue("NoopJob")
    assert plain.json("jobs", "cancel", three)["jobs"] == [{"uuid": three, "state": "CANCELLED"}]


@on_one_store
def test_cancel_wants_a_uuid(db, plain):
    plain.fails(2, 201, "jobs", "cancel")
