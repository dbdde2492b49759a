"""Schedules with real workers: where they come from, what is refused, downtime, kills, commands."""
import json
import os
import select
import signal
import subprocess

import pytest

from marks import on_one_store, on_sqlite
from workers import children, wait_until

HOUR_US = 3600 * 1000000
CONF = """\
schedule hello {
    command = {"sh", "-c", "echo secret words > /dev/null"}
    cron    = "* * * * *"
    queue   = "slow"
}
"""


def configure(plain, text):
    (plain.folder / "plain.conf").write_text(text)


def await_schedule(db, name):
    return wait_until(lambda: db.rows("schedule", f"name = '{name}'"), f"{name} in the database")[0]


def back(db, postgres, hours=1):
    """As if nobody had been there for so long."""
    amount = f"interval '{hours} hours'" if postgres else str(hours * HOUR_US)
    db.execute(f"UPDATE plainjobs_schedule SET slot_at = slot_at - {amount}")


def five_hours_behind(plain, db, start_worker, source):
    """A worker with this module, whose TickJob was not seen to for so long."""
    (plain.folder / "app").mkdir(exist_ok=True)
    (plain.folder / "app/jobs.c").write_text(source)
    plain("build")
    worker = start_worker("--queue", "t", "--max-processes", "1")
    await_schedule(db, "TickJob")
    worker.stop()
    back(db, False, hours=5)
    return start_worker("--queue", "t", "--max-processes", "1")


def shown(plain, name):
    found = json.loads(plain("jobs", "schedule", "--json").stdout)["schedules"]
    return next(s for s in found if s["name"] == name)


def test_after_downtime_the_last_slot_runs_once(plain, db, start_worker, store):
    configure(plain, CONF)
    worker = start_worker("--max-processes", "1")
    await_schedule(db, "hello")
    worker.stop()
    back(db, store == "postgres")
    workers = [start_worker("--queue", q, "--max-processes", "1") for q in ("slow", "other")]
    result = db.await_results(1)[0]
    for worker in workers:
        worker.stop()
    ran = db.rows("slot", "status = 'RUN'")
    missed = db.rows("slot", "status = 'COALESCED'")
    assert 1 <= len(ran) <= 2 and 59 <= len(missed) <= 61  # a minute may begin meanwhile
    assert result["job_class"] == "hello" and result["queue"] == "slow"
    assert result["source"].startswith("schedule hello at ")
    assert result["status"] == "SUCCESSFUL"
    assert "secret" not in str([db.rows("schedule"), db.rows("jobresult"), ran])
    assert shown(plain, "hello")["last_result"] == "SUCCESSFUL"


@on_one_store
def test_a_bad_schedule_is_named_and_stops_no_other(plain, db, start_worker, module):
    bad = {
        "cron": ('job = "Nothing"\n cron = "61 * * * *"', 401),
        "never": ('command = {"true"}\n cron = "0 0 31 2 *"', 402),
        "zone": ('command = {"true"}\n cron = "@daily"\n timezone = "Mars/Base"', 403),
        "class": ('job = "Nope"\n cron = "@daily"', 101),
        "neither": ('cron = "@daily"', 202),
        "policy": ('command = {"true"}\n cron = "@daily"\n missed = "some"', 202),
        "nocron": ('command = {"true"}', 202),
        "json": ('command = {"true"}\n cron = "@daily"\n parameters = "[1]"', 102),
    }
    text = CONF + "".join(f"schedule {name} {{ {body} \n}}\n" for name, (body, _) in bad.items())
    text += 'schedule twice { command = {"true"}\n cron = "@daily" }\n' * 2
    configure(plain, text)
    worker = start_worker("--max-processes", "1")
    await_schedule(db, "hello")
    refused = {e["schedule"]: e["code"] for e in worker.events("Schedule refused")}
    worker.stop()
    assert refused.pop("twice") == "PJ404"
    assert set(refused) == set(bad)
    wrong = {n: c for n, c in refused.items() if c != f"PJ{bad[n][1]}" and n not in ("json", "cron")}
    assert not wrong, refused
    assert shown(plain, "zone")["state"] == "refused" and shown(plain, "zone")["pj"] == 403


@on_one_store
def test_commands_of_the_setting_go_by_a_shell_and_stay_out_of_the_database(plain, db, start_worker):
    plain.env["PLAIN_JOBS_SCHEDULE"] = json.dumps([["cmd:echo a-$((1+1)) > out.txt", "@yearly"]])
    worker = start_worker("--max-processes", "1")
    await_schedule(db, "cmd:echo")
    plain("jobs", "schedule", "run", "cmd:echo")
    assert db.await_results(1)[0]["status"] == "SUCCESSFUL"
    assert (plain.folder / "out.txt").read_text() == "a-2\n"
    # A row cannot bring a command of its own.
    db.execute("INSERT INTO plainjobs_jobrequest (job_class) VALUES ('cmd:touch pwned')")
    plain("jobs", "schedule", "run", "cmd:echo")
    db.await_results(2)
    worker.stop()
    assert not (plain.folder / "pwned").exists()
    assert db.count("jobrequest") == 1
    assert "out.txt" not in str(db.rows("jobresult") + db.rows("schedule"))
    plain.env["PLAIN_JOBS_SCHEDULE"] = "{}"
    plain.fails(2, 202, "jobs", "worker")


@on_one_store
def test_running_a_schedule_whose_key_is_held_says_so(plain, db):
    plain.add_executable("hello", "#!/bin/sh\n")
    (plain.folder / "plain.conf").write_text(
        "job hello { concurrency_key = one }\nschedule nightly { job = hello cron = @daily }\n")
    first = plain("jobs", "schedule", "run", "nightly").line
    done = plain.fails(6, 501, "jobs", "schedule", "run", "nightly")
    assert done.stdout == "" and f"held by {first}" in done.stderr
    done = plain.run("--json", "jobs", "schedule", "run", "nightly")
    said = json.loads(done.stdout)
    assert (done.code, done.stderr) == (6, "")
    assert (said["name"], said["action"], said["changed"]) == ("nightly", "run", False)
    assert said["request"] is None and said["skipped"]["holder"] == first
    assert db.count("jobrequest") == 1


@on_one_store
def test_a_scheduler_that_is_killed_starts_again(plain, db, start_worker):
    configure(plain, CONF)
    worker = start_worker("--max-processes", "1")
    await_schedule(db, "hello")

    def schedulers():
        return [p for p in children(worker.pid)
                if b"plain-scheduler" in open(f"/proc/{p}/cmdline", "rb").read()]
    first = schedulers()[0]
    os.kill(first, signal.SIGKILL)
    worker.await_event("Scheduler ended")
    wait_until(lambda: [p for p in schedulers() if p != first], "another scheduler")
    worker.stop()


EXIT_ONCE = """
    FILE *first = fopen("exited", "wx");
    if (first)
        exit(0);
    out[0] = 't';
"""


@on_one_store
def test_a_scheduler_that_ended_with_0_starts_again(plain, db, start_worker):
    """Code of a class runs there, and may call exit()."""
    worker = five_hours_behind(plain, db, start_worker, CLASS.replace("    out[0] = 't';", EXIT_ONCE))
    worker.await_event("Scheduler ended")
    assert db.await_results(5)
    worker.stop()


@on_one_store
def test_listing_schedules_writes_nothing(plain, db):
    before = db.path.stat().st_mtime_ns
    plain("--db", f"{db.url}?journal=delete", "jobs", "schedule")
    assert db.path.stat().st_mtime_ns == before


@on_one_store
def test_without_schedules_there_is_no_scheduler(plain, db, start_worker):
    worker = start_worker("--max-processes", "1")
    worker.await_event("Worker registered")
    plain.fails(3, 405, "jobs", "schedule", "run", "nothing")
    worker.stop()
    assert not worker.events("Seeing to schedules")


def test_pause_and_resume(plain, db, start_worker, store):
    configure(plain, CONF)
    plain("jobs", "schedule", "pause", "hello", "--reason", "audit")
    assert shown(plain, "hello")["state"] == "paused"
    worker = start_worker("--queue", "slow", "--max-processes", "1")
    wait_until(lambda: db.rows("schedule", "cron <> ''"), "the definition")
    worker.stop()
    back(db, store == "postgres")
    worker = start_worker("--queue", "slow", "--max-processes", "1")
    wait_until(lambda: db.count("slot", "status = 'SKIPPED'") >= 60, "skipped slots")
    assert db.count("slot", "status <> 'SKIPPED'") == 0
    plain("jobs", "schedule", "resume", "hello")
    assert shown(plain, "hello")["state"] == "active"
    worker.stop()
    assert db.rows("slot")[0]["reason"].endswith(": audit")


@on_sqlite
def test_the_latest_start_wins(plain, db, start_worker):
    configure(plain, CONF)
    old = start_worker("--max-processes", "1")
    await_schedule(db, "hello")
    configure(plain, CONF.replace("slow", "fast"))
    new = start_worker("--max-processes", "1")
    wait_until(lambda: shown(plain, "hello")["state"] == "active", "the new definition")
    back(db, False)
    event = old.await_event("Schedule superseded", seconds=70)[0]
    assert event["schedule"] == "hello" and event["by"].endswith(f":{new.pid}")
    for worker in (old, new):
        worker.stop()


CLASS = r"""
#include <stdio.h>
#include <stdlib.h>
#include <plain/jobs.h>
static int tick_run(plain_job *job, const void *params)
{
    (void)job;
    (void)params;
    return PLAIN_OK;
}
static int tick_queue(const plain_job_class *self, const void *params, char *out, size_t size)
{
    (void)self;
    (void)params;
    (void)size;
    out[0] = 't';
    return 1;
}
static const plain_job_class TickJob = {
    PLAIN_JOB_CLASS_EMPTY, .name = "TickJob", .run = tick_run, .default_queue_for = tick_queue,
    .schedule = "0 * * * *", .schedule_timezone = "Europe/Berlin",
    .schedule_missed = PLAIN_MISSED_ALL,
};
PLAIN_REGISTER_JOBS(&TickJob);
"""


@on_one_store
def test_a_class_has_a_schedule(plain, db, start_worker):
    worker = five_hours_behind(plain, db, start_worker, CLASS)
    results = db.await_results(5)
    worker.stop()
    assert all(r["queue"] == "t" for r in results)
    assert shown(plain, "TickJob")["words"] == "every hour"


def test_next_answers_each_line_at_once(lone_plain):
    """Who writes a question and waits gets its answer; many are answered in their order."""
    process = lone_plain.start("jobs", "next", "-", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    for day in (1, 2):
        process.stdin.write(f"0 0 {day} * *\t2026-01-15T00:00Z\tUTC\n".encode())
        process.stdin.flush()
        assert select.select([process.stdout], [], [], 30)[0], "no answer"
        assert process.stdout.readline() == f"2026-02-0{day}T00:00:00+00:00\n".encode()
    process.stdin.close()
    assert (process.stdout.read(), process.wait(30)) == (b"", 0)
    lines = [f"{n % 60} 0 1 * *\t2026-01-15T00:00Z\tUTC" for n in range(10000)]
    lines[5000:5000] = ["x", "* " * 40000, "a\0b"]
    done = lone_plain("jobs", "next", "-", stdin="\n".join(lines).encode())
    assert [line[:19] for line in done.lines[:5000]] == [
        f"2026-02-01T00:{n % 60:02}:00" for n in range(5000)]
    assert [line.split()[0] for line in done.lines[5000:5003]] == ["ERROR"] * 3
    assert "the line is longer than 65536 bytes" in done.lines[5001]
    assert len(done.lines) == 10003


def test_next_of_lines_refuses_what_it_would_not_heed(lone_plain):
    assert "--count" in lone_plain.fails(2, 201, "jobs", "next", "-", "--count", 2).stderr
    done = lone_plain.run("jobs", "next", "-", "--json")
    assert (done.code, json.loads(done.stderr)["error"]["field"]) == (2, "json")
