"""plain jobs why, and the warnings about jobs that no worker takes (PJ204)."""
import json
import shutil

import pytest

from marks import in_turn, on_one_store
from terminal import on_terminal
from workers import wait_until

pytestmark = in_turn


def why(plain, uuid, code=0):
    done = plain.run("--json", "jobs", "why", uuid)
    assert done.code == code, done
    said = json.loads(done.stdout)
    return [reason["reason"] for reason in said["reasons"]], said


def test_nobody_works(db, plain, module):
    uuid, = plain.enqueue("NoopJob")
    reasons, said = why(plain, uuid, 1)
    assert reasons == ["no_worker"] and said["status"] == "PENDING"
    assert said["reasons"][0]["fix"] == "plain jobs worker --queue default"
    done = plain.run("jobs", "why", uuid)
    assert done.code == 1 and "-> plain jobs worker --queue default" in done.stdout


def test_every_reason_of_a_pending_job(db, plain, module, start_worker):
    worker = start_worker("--queue", "default", "--max-processes", 1)
    worker.await_event("Worker registered")
    elsewhere, = plain.enqueue("NoopJob", "--queue", "my mail")
    unknown, = plain.enqueue("NobodysJob", "--unregistered")
    later, = plain.enqueue("NoopJob", "--delay", "1h")
    reasons, said = why(plain, elsewhere, 1)
    assert reasons == ["queue_unserved"]
    assert said["reasons"][0]["fix"] == "plain jobs worker --queue 'my mail'"
    assert why(plain, unknown, 1)[0] == ["class_unserved"]
    reasons, said = why(plain, later)
    assert reasons == ["not_due"] and said["reasons"][0]["fix"] is None
    running, = plain.enqueue("TraceJob", "ms=60000")
    wait_until(lambda: db.count("jobprocess") == 1, "the job to be claimed")
    assert why(plain, running)[0] == ["processing"]
    first, second = plain.enqueue("TraceJob", "ms=0", "--count", 2, "--queue", "default",
                                  "--priority", "1")
    assert why(plain, first)[0] == ["limit", "next"]
    reasons, said = why(plain, second)
    assert reasons == ["limit", "ahead"] and said["ahead"] == 1
    plain("jobs", "pause", "--queue", "default", "--reason", "SES")
    plain("jobs", "pause", "--class", "TraceJob")
    reasons, said = why(plain, first, 1)
    assert reasons == ["queue_paused", "class_paused"]
    assert said["reasons"][0]["fix"] == "plain jobs resume --queue default"
    assert '"SES"' in said["reasons"][0]["message"]
    worker.kill()


def test_workers_that_are_busy(db, plain, module, gate, start_worker):
    """Those that do not take the job are none of its business, busy or not."""
    start_worker("--queue", "mail", "--max-processes", 1).await_event("Worker registered")
    first_worker = start_worker("--queue", "default", "--max-processes", 1)
    plain.enqueue("gate")
    gate.await_jobs()
    waiting, behind = plain.enqueue("gate", "--count", 2)
    reasons, said = why(plain, waiting)
    assert reasons == ["limit", "next"]
    assert said["reasons"][0] == {"reason": "limit", "fix": None, "message":
                                  "the only runner of the worker that takes it is busy"}
    assert plain("jobs", "why", behind).stdout == (
        "the only runner of the worker that takes it is busy\n"
        "1 job of queue default is ahead of it\n")
    last_worker = start_worker("--queue", "default", "--max-processes", 2)
    gate.await_jobs(3)
    waiting, = plain.enqueue("gate")
    reasons, said = why(plain, waiting)
    assert reasons == ["limit", "next"]
    assert said["reasons"][0]["message"] == "all 3 runners of the 2 workers that take it are busy"
    first_worker.kill()
    # Its runner may still be dying, and would be alive to whoever asks.
    wait_until(lambda: why(plain, waiting)[1]["reasons"][0]["message"] ==
               "all 2 runners of the worker that takes it are busy", "the end of the first one")
    later, = plain.enqueue("gate", "--delay", "1h")
    assert why(plain, later)[0] == ["not_due"]
    gate.open()
    last_worker.stop()


def test_a_job_that_holds_a_key(db, plain, module, gate, start_worker):
    keyed = ("gate", "--key", "user-42")
    holder, = plain.enqueue(*keyed)
    says = ('it holds the key "user-42" of gate: no other job of the class with that key is '
            "accepted until it has ended")
    reasons, said = why(plain, holder, 1)
    assert reasons == ["no_worker", "key"]
    assert said["reasons"][1] == {"reason": "key", "message": says, "fix": None}
    plain.fails(6, 501, "jobs", "enqueue", *keyed)
    plain("jobs", "cancel", holder)
    worker = start_worker("--max-processes", 1)
    plain.enqueue("gate")
    gate.await_jobs()
    holder, = plain.enqueue(*keyed)
    assert why(plain, holder)[0] == ["limit", "next", "key"]
    assert plain("jobs", "why", holder).stdout.splitlines()[-1] == says
    gate.open()
    worker.stop()


def test_a_key_that_a_class_counts_for_itself(db, plain, build_module):
    """Its own rule lets in what it likes: no job of it holds the key."""
    (plain.folder / "app").mkdir()
    made = build_module("hanging_rule.c", CPPFLAGS="-D_GNU_SOURCE")
    shutil.copy(made, plain.folder / "app/jobs.so")
    for _ in range(2):
        uuid, = plain.enqueue("RuledJob", "--key", "user-42")
        assert why(plain, uuid, 1)[0] == ["no_worker"]
    plain.drain()


def test_an_ended_job(db, plain, module):
    uuid, = plain.enqueue("NoopJob")
    plain.drain()
    reasons, said = why(plain, uuid)
    assert reasons == ["ended"] and "SUCCESSFUL" in said["reasons"][0]["message"]


@on_one_store
@pytest.mark.parametrize("uuid", ["x", "00000000-0000-7000-8000-000000000000"])
def test_an_unknown_job(db, plain, uuid):
    plain.fails(3, 502, "jobs", "why", uuid)


def test_stats_warn_of_jobs_that_nobody_takes(db, plain, module, start_worker):
    plain.enqueue("NoopJob", "--queue", "mail", "--count", 3)
    plain.enqueue("NobodysJob", "--unregistered", "--count", 2)
    warnings = plain.json("jobs", "stats")["warnings"]
    assert [(w["queue"], w["count"], w["code"]) for w in warnings] == [
        ("default", 2, "PJ204"), ("mail", 3, "PJ204")]
    worker = start_worker()
    worker.await_event("Jobs wait that no worker takes")
    events = {event["job_queue"]: event for event in
              worker.events("Jobs wait that no worker takes")}
    assert events["mail"]["fix"] == "start one: `plain jobs worker --queue mail`"
    assert events["default"]["job_class"] == "NobodysJob"
    by_queue = {w["queue"]: w for w in plain.json("jobs", "stats")["warnings"]}
    assert by_queue["default"]["job_class"] == "NobodysJob"
    assert by_queue["mail"]["job_class"] is None
    plain("jobs", "pause", "--queue", "mail")
    assert [w["queue"] for w in plain.json("jobs", "stats")["warnings"]] == ["default"]
    assert db.count("jobrequest") == 5
    worker.stop()


def test_a_worker_that_was_killed_is_no_help(db, plain, gate, start_worker):
    """Its lease is a minute long; its file says that it is dead."""
    worker = start_worker("--max-processes", 1)
    (running,) = plain.enqueue("gate")
    gate.await_jobs()
    (waiting,) = plain.enqueue("gate")
    assert why(plain, waiting)[0] == ["limit", "next"]
    worker.kill()
    # Its runner may still be dying, and would be alive to whoever asks.
    wait_until(lambda: [w["state"] for w in plain.json("jobs", "workers")["workers"]] == ["stale"],
               "its runner's end")
    assert why(plain, waiting, 1)[0] == ["no_worker"]
    assert "not heard of" in why(plain, running)[1]["reasons"][0]["message"]
    assert [w["count"] for w in plain.json("jobs", "stats")["warnings"]] == [1]
    assert [queue["workers"] for queue in plain.json("jobs", "queues")["queues"]] == [0]
    gate.open()
    plain.drain()


def test_a_job_that_is_being_cancelled(db, plain, gate, start_worker):
    """Its worker gives it time to end."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "60"
    plain.add_executable("gate", "#!/bin/sh\ntrap : TERM\necho >at-gate\n"
                                 "while [ ! -e go ]; do sleep 0.02; done\n")
    (uuid,) = plain.enqueue("gate")
    worker = start_worker("--max-processes", 1)
    gate.await_jobs()
    plain("jobs", "cancel", uuid)
    reasons, said = why(plain, uuid)
    assert reasons == ["processing", "cancelling"]
    assert "cancelled" in said["reasons"][1]["message"] and " by " in said["reasons"][1]["message"]
    gate.open()
    worker.stop()


def test_enqueue_on_a_terminal_says_that_nobody_works(db, plain, module):
    command = [plain.program, "jobs", "enqueue", "NoopJob", "--queue", "mail"]
    seen, code = on_terminal(command, "", plain.folder, plain.env)
    assert code == 0 and "note[PJ204]" in seen and "plain jobs worker --queue mail" in seen
    assert plain("jobs", "enqueue", "NoopJob").stderr == ""
    plain("jobs", "pause", "--queue", "mail")
    seen, code = on_terminal(command, "", plain.folder, plain.env)
    assert code == 0 and "plain jobs resume --queue mail" in seen and "PJ204" not in seen


def test_enqueue_tells_of_all_that_wait(db, plain, module):
    command = [plain.program, "jobs", "enqueue", "NoopJob"]
    seen, _ = on_terminal([*command, "--count", 3, "--queue", "mail"], "", plain.folder, plain.env)
    assert "3 jobs wait in queue mail" in seen
    (plain.folder / "jobs.jsonl").write_text('{"queue": "slow"}\n{}\n{"queue": "default"}\n')
    seen, _ = on_terminal([*command, "--from", "jobs.jsonl"], "", plain.folder, plain.env)
    for text in ("3 jobs wait in queue mail", "1 job waits in queue slow", "2 jobs wait in queue default"):
        assert text in seen
