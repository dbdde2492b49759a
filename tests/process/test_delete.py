"""plain jobs delete: what is pending or has ended is gone, what runs is stopped; counters and keys stay
right, and each change is in the audit."""
import json
import os
import random
import signal

from marks import on_one_store, on_postgres, on_sqlite
from program import sized
from verify import findings
from workers import wait_until

UNKNOWN = "00000000-0000-7000-8000-000000000000"


def lines(folder, name):
    path = folder / name
    return path.read_text().splitlines() if path.exists() else []


def audit_of(plain, *words):
    return plain.json("jobs", "audit", *words)["audit"]


def test_a_pending_job_is_gone_and_its_key_is_free(db, plain, module):
    (keyed,) = plain.enqueue("NoopJob", "--key", "k", "--delay", "1h")
    (failing,) = plain.enqueue("FlakyJob", "bad_attempts=9", "--retries", 9)
    (stays,) = plain.enqueue("NoopJob", "--delay", "1h")
    plain.drain()
    assert db.count("jobrequest") == 3 and db.statuses() == ["ERRORED"]
    assert plain("jobs", "delete", keyed, failing).lines == [f"{keyed} DELETED",
                                                             f"{failing} DELETED"]
    assert [row.uuid for row in db.rows("jobrequest")] == [stays]
    assert db.results() == [] and db.count("jobkey") == 0
    plain.fails(3, 502, "jobs", "show", keyed)
    plain.enqueue("NoopJob", "--key", "k", "--delay", "1h")
    stats = plain.json("jobs", "stats")
    assert (stats["errored"], stats["last_day"]["errored"], stats["pending"]) == (0, 1, 2)
    assert plain("jobs", "verify").code == 0


def test_a_running_job_is_stopped_and_then_deleted(db, plain, stops, folder, start_worker):
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "60"
    (uuid,) = plain.enqueue("StopJob", "how=look", "--retries", 3, "--key", "k")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: lines(folder, "running"), "the job to run")
    (runner,) = worker.runners()
    os.kill(runner, signal.SIGSTOP)  # until it was told of twice
    assert plain.json("jobs", "delete", uuid)["jobs"] == [{"uuid": uuid, "state": "STOPPING"}]
    assert plain("jobs", "delete", uuid).line == f"{uuid} STOPPING"
    os.kill(runner, signal.SIGCONT)
    (row,) = db.await_results(1)
    assert (row.status, row.error_type) == ("CANCELLED", "Cancelled")
    assert row.error_message.startswith("cancelled by cli(")
    wait_until(lambda: lines(folder, "hooks"), "on_aborted")
    worker.stop()
    assert db.count("jobrequest") == db.count("jobkey") == 0 and findings(db) == []
    assert plain("jobs", "delete", row.job_process_uuid).line == f"{row.job_process_uuid} DELETED"
    assert db.results() == [] and plain.json("jobs", "stats")["cancelled"] == 0
    plain.fails(3, 502, "jobs", "delete", uuid)
    assert findings(db) == []
    said = [(row["action"], row["target"], row["detail"]) for row in audit_of(plain)]
    assert said == [("job.delete", "StopJob", "ended attempt"), ("job.delete", "StopJob", "running")]


def test_results_are_deleted_one_by_one_or_all(db, plain, module):
    (uuid,) = plain.enqueue("EagerJob", "bad_attempts=3", "--retries", 3)
    (other,) = plain.enqueue("NoopJob")
    plain.drain()
    attempts = plain.json("jobs", "show", uuid)["attempts"]
    assert len(attempts) == 4
    middle = attempts[1]["process_uuid"]
    assert plain("jobs", "delete", middle).line == f"{middle} DELETED"
    assert len(plain.json("jobs", "show", uuid)["attempts"]) == 3 and findings(db) == []
    plain("jobs", "delete", uuid)
    assert [row.job_request_uuid for row in db.results()] == [other]
    assert findings(db) == []


@on_postgres
def test_a_removal_waits_for_no_other(db, plain, module):
    """Both are of the same minute, class and queue."""
    plain.enqueue("NoopJob", "--count", 2)
    plain.drain()
    one, two = [row.job_process_uuid for row in db.results()]
    with db.connect() as first, first.cursor() as cursor:
        cursor.execute("SELECT plain_jobs_delete(%s)", (one,))
        db.execute(f"SET lock_timeout = '2s'; SELECT plain_jobs_delete('{two}')")
    assert db.results() == [] and findings(db) == []


def test_each_uuid_is_told_of_and_the_first_error_counts(db, plain, module):
    one, two = plain.enqueue("NoopJob", "--count", 2)
    done = plain.fails(3, 502, "jobs", "delete", one, UNKNOWN, "nonsense", two)
    assert done.lines == [f"{one} DELETED", f"{two} DELETED"]
    assert done.stderr.count("PJ502") == 2
    done = plain.run("--json", "jobs", "delete", one)
    assert (done.code, json.loads(done.stdout)) == (3, {"format": 1, "jobs": []})


@on_one_store
def test_delete_wants_a_uuid(db, plain):
    plain.fails(2, 201, "jobs", "delete")


def test_jobs_are_deleted_while_workers_work(db, plain, module, start_worker):
    """Nothing is left behind, whatever state a job is in when its deletion comes."""
    chance = random.Random(7)
    count = sized(120, 2000)
    uuids = plain.enqueue("TraceJob", "ms=2", "--count", count, timeout=300)
    chance.shuffle(uuids)
    deleted = uuids[:count // 2]
    workers = [start_worker("--max-processes", 2) for _ in range(2)]
    for i in range(0, len(deleted), 10):
        plain("jobs", "delete", *deleted[i:i + 10])
    wait_until(lambda: db.count("jobrequest") == db.count("jobprocess") == 0, "the others")
    for worker in workers:
        worker.stop()
    left = {row.job_request_uuid: row.status for row in db.results()}
    assert {uuid: left[uuid] for uuid in uuids[count // 2:]} == {
        uuid: "SUCCESSFUL" for uuid in uuids[count // 2:]}
    stopped = {row["uuid"] for row in audit_of(plain, "--limit", "1000")
               if row["detail"] == "running"}
    assert set(left) - set(uuids[count // 2:]) <= stopped
    assert findings(db) == []


# ---- the audit ----

def test_the_audit_says_who_did_what(db, plain, module):
    (uuid,) = plain.enqueue("NoopJob", "--delay", "1h")
    plain("jobs", "pause", "--queue", "mail", "--reason", "SES is down")
    plain("jobs", "resume", "mail")
    plain("jobs", "cancel", uuid)
    plain.enqueue("NoopJob", "--count", 3)
    plain("jobs", "purge", "--yes")
    rows = audit_of(plain)
    assert [(row["action"], row["target"], row["detail"], row["count"]) for row in rows] == [
        ("purge", "*", "pending", 3), ("job.cancel", "NoopJob", "pending", None),
        ("queue.resume", "mail", "", None), ("queue.pause", "mail", "SES is down", None)]
    assert all(row["actor"].startswith("cli(") and "@" in row["actor"] for row in rows)
    assert rows[1]["uuid"] == uuid and rows[0]["uuid"] is None
    assert rows[0]["at"] >= rows[-1]["at"] and rows[0]["at"].endswith("Z")
    assert audit_of(plain, uuid) == [rows[1]]
    page = audit_of(plain, "--limit", "2")
    assert page + audit_of(plain, "--before", str(page[-1]["id"])) == rows
    shown = plain("jobs", "audit").lines
    assert len(shown) == 5 and "SES is down" in shown[4] and uuid in shown[2]
    assert "3 pending" in shown[1]


def test_the_audit_has_retries_schedules_and_clearing(db, plain, module):
    (plain.folder / "plain.conf").write_text(
        'schedule nightly {\n  job = "NoopJob"\n  cron = "0 3 * * *"\n}\n')
    (uuid,) = plain.enqueue("FlakyJob", "bad_attempts=1", "--retries", 0)
    plain.drain()
    plain("jobs", "retry", uuid)
    plain("jobs", "schedule", "pause", "nightly", "--reason", "month end")
    plain("jobs", "schedule", "resume", "nightly")
    made = plain("jobs", "schedule", "run", "nightly").line
    plain("jobs", "clear", "--older-than", "0")
    rows = [(row["action"], row["target"], row["uuid"]) for row in audit_of(plain)]
    assert rows == [("clear", "*", None), ("schedule.run", "nightly", made),
                    ("schedule.resume", "nightly", None), ("schedule.pause", "nightly", None),
                    ("job.retry", "FlakyJob", uuid)]
    assert audit_of(plain)[0]["count"] == 1
    assert "results before" in audit_of(plain)[0]["detail"]


@on_one_store
def test_a_bad_page_of_the_audit(db, plain):
    assert audit_of(plain) == [] and plain("jobs", "audit").stdout == ""
    for words in (["--limit", "0"], ["--limit", "1001"], ["--before", "x"]):
        plain.fails(2, 201, "jobs", "audit", *words)
    plain.fails(3, 502, "jobs", "audit", "nonsense")


@on_sqlite
def test_hostile_words_in_the_audit_are_shown_harmless(db, plain):
    db.execute("INSERT INTO plainjobs_audit (actor, action, target, detail) "
               "VALUES ('a\u001b[31m', 'x\u202e', '<script>', 'line\nline')")
    done = plain("jobs", "audit")
    assert "\x1b" not in done.stdout and "\u202e" not in done.stdout and len(done.lines) == 2
