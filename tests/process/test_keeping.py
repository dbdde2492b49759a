"""plain jobs clear, purge and stats: what is deleted, what is left alone, and what is counted."""
import json
import re

import pytest

import workers
from marks import on_one_store
from terminal import on_terminal

QUESTION = ("Are you sure you want to clear all running and pending jobs? This will delete all "
            "current Jobs and JobRequests [y/N]: ")
BEFORE = r"Clearing job results created before \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}\+00:00"


@pytest.fixture
def results(db, plain, module):
    """Six results, the oldest nine days old, then seven, five ... each with a minute to spare."""
    plain.enqueue("NoopJob", "--count", 6)
    plain.drain()
    for i, row in enumerate(db.results()):
        age_s = (9 - 2 * i) * 86400 + 60 if i < 5 else 0
        db.execute(f"UPDATE plainjobs_jobresult SET created_at = {earlier(db, age_s)} "
                   f"WHERE id = {row.id}")
    return db


def earlier(db, seconds):
    if db.kind == "sqlite":
        return f"created_at - {seconds * 1000000}"
    return f"created_at - interval '{seconds} s'"


def test_clear_prints_the_originals_lines(results, plain):
    lines = plain("jobs", "clear").lines
    assert re.fullmatch(BEFORE, lines[0]) and lines[1:] == ["Deleted 2 jobs"]
    assert results.count("jobresult") == 4
    assert plain("jobs", "clear").lines[1:] == ["Deleted 0 jobs"]
    assert plain("jobs", "stats").lines[2] == "Successful: 4"


@pytest.mark.parametrize("age, left", [("9d", 5), ("36h", 2), ("86400", 1), ("0", 0), ("500d", 6),
                                       ("9000000000000000", 6)])
def test_clear_older_than(results, plain, age, left):
    before = plain.json("jobs", "clear", "--older-than", age)
    assert before["deleted"] == 6 - left and before["before"]
    assert results.count("jobresult") == left


def test_clear_goes_by_the_setting(results, plain):
    assert plain("jobs", "clear", env={"PLAIN_JOBS_RESULTS_RETENTION": "4d"}).lines[1] == (
        "Deleted 3 jobs")
    kept = plain("jobs", "clear", env={"PLAIN_JOBS_RESULTS_RETENTION": "0"})
    assert kept.stdout == "" and "for ever" in kept.stderr
    assert results.count("jobresult") == 3
    assert plain("jobs", "clear", "--older-than", "2d", env={
        "PLAIN_JOBS_RESULTS_RETENTION": "0"}).lines[1] == "Deleted 1 jobs"


@on_one_store
@pytest.mark.parametrize("age", ["", "-1", "x", "7 days", "1e3"])
def test_clear_refuses_a_bad_age(results, plain, age):
    plain.fails(2, 201, "jobs", "clear", f"--older-than={age}")
    assert results.count("jobresult") == 6


def test_clear_leaves_what_waits_and_runs(db, plain, module, start_worker):
    plain.enqueue("TraceJob", "ms=60000")
    plain.enqueue("NoopJob", "--delay", "1h")
    worker = start_worker()
    workers.wait_until(lambda: db.count("jobprocess") == 1, "the job to be claimed")
    plain("jobs", "clear", "--older-than", "0")
    assert (db.count("jobrequest"), db.count("jobprocess")) == (1, 1)
    worker.kill()


def test_purge_without_a_terminal_needs_yes(db, plain, module):
    plain.enqueue("NoopJob", "--count", 3)
    before = db.counts()
    done = plain.fails(7, 504, "jobs", "purge")
    assert "--yes" in done.stderr and done.stdout == ""
    plain.fails(7, 504, "jobs", "purge", stdin=b"y\n")
    assert db.counts() == before


def test_purge_deletes_requests_and_frees_keys(db, plain, module):
    plain.enqueue("NoopJob", "--count", 600)
    plain.enqueue("NoopJob", "--queue", "mail", "--key", "a", "--delay", "1d")
    done = plain("jobs", "purge", "--yes")
    assert done.lines == ["Deleted 601 job requests", "Deleted 0 jobs"] and done.stderr == ""
    assert db.count("jobrequest") == db.count("jobkey") == 0
    plain.enqueue("NoopJob", "--key", "a")
    assert plain("jobs", "purge", "-y").lines[0] == "Deleted 1 job requests"


def test_purge_stops_running_jobs(db, plain, folder, start_worker):
    plain.add_executable("waits", "#!/bin/sh\nexec sleep 60\n")
    plain.enqueue("waits", "--key", "a", "--retries", 3)
    plain.enqueue("waits", "--delay", "1h")
    worker = start_worker("--max-processes", "1")
    workers.wait_until(lambda: db.count("jobprocess") == 1, "the job to be claimed")
    done = plain("jobs", "purge", "--yes")
    assert done.lines == ["Deleted 1 job requests", "Deleted 1 jobs"]
    assert "1 running jobs are being stopped" in done.stderr
    row = db.await_results(1)[0]
    assert row.status == "CANCELLED" and row.error_message.startswith("cancelled by cli(")
    assert db.count("jobrequest") == db.count("jobprocess") == db.count("jobkey") == 0
    worker.stop()


@pytest.mark.parametrize("answer, deletes", [("n", False), ("", False), ("Y", True), ("yes", True),
                                             ("yep", False), ("\x04", False)])
def test_purge_asks_on_a_terminal(db, plain, module, answer, deletes):
    plain.enqueue("NoopJob", "--count", 2)
    seen, code = on_terminal([plain.program, "jobs", "purge"], answer + "\n", plain.folder,
                             plain.env)
    assert QUESTION in seen and code == 0
    assert ("Deleted 2 job requests" in seen) == deletes
    assert db.count("jobrequest") == (0 if deletes else 2)


def test_stats_on_a_pipe_are_the_originals(db, plain, module):
    plain.enqueue("NoopJob", "--count", 2)
    plain.enqueue("FailJob", "message=no")
    plain.drain()
    plain.enqueue("NoopJob")
    assert plain("jobs", "stats").lines == ["Pending: 1", "Processing: 0", "Successful: 2",
                                            "Errored: 1", "Lost: 0"]


def test_stats_know_queues_and_the_last_day(db, plain, module):
    plain.enqueue("NoopJob", "--count", 3)
    plain.drain()
    plain.enqueue("NoopJob", "--count", 2)
    plain.enqueue("NoopJob", "--queue", "mail", "--delay", "2030-01-02T03:04:05Z")
    plain("jobs", "clear", "--older-than", "0")
    stats = plain.json("jobs", "stats")
    assert (stats["successful"], stats["pending"], stats["cancelled"]) == (0, 3, 0)
    assert stats["last_hour"]["successful"] == stats["last_day"]["successful"] == 3
    assert [(q["queue"], q["pending"], q["processing"]) for q in stats["queues"]] == [
        ("default", 2, 0), ("mail", 1, 0)]
    assert stats["queues"][1]["due_at"] == "2030-01-02T03:04:05.000000Z"
    seen, code = on_terminal([plain.program, "jobs", "stats"], "", plain.folder, plain.env)
    assert code == 0
    assert re.search(r"^Successful +0 +3 +3$", seen, re.M)
    assert re.search(r"^default +2 +0 +\d", seen, re.M)
    assert re.search(r"^mail +1 +0 +-$", seen, re.M)


def test_deleting_by_hand_leaves_the_counts(db, plain, module):
    plain.enqueue("NoopJob", "--count", 4)
    plain.enqueue("FailJob", "message=no")
    plain.drain()
    db.execute("DELETE FROM plainjobs_jobresult WHERE status = 'SUCCESSFUL' AND id % 2 = 0")
    stats = plain.json("jobs", "stats")
    assert stats["successful"] == db.statuses().count("SUCCESSFUL")
    assert stats["errored"] == 1
    if db.kind == "postgres":
        db.execute("TRUNCATE plainjobs_jobresult")
        assert plain("jobs", "stats").lines[2:4] == ["Successful: 0", "Errored: 0"]


def test_json_of_purge(db, plain, module):
    plain.enqueue("NoopJob")
    done = plain("--json", "jobs", "purge", "--yes")
    assert json.loads(done.stdout) == {"format": 1, "requests": 1, "jobs": 0}
