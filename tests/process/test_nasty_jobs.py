"""Jobs that crash, exit, loop and worse: LOST with the reason, and their neighbours untouched."""
import collections
import json
import os
import signal

import pytest

from marks import in_turn, on_one_store, on_sqlite
from program import release_path, sized
from verify import assert_sound
from workers import stat_fields, wait_until

pytestmark = in_turn

GOOD = sized(200, 1000)

# How it dies; exit code and signal of the result; a word of the stored text.
ENDS = {
    "segfault": (None, signal.SIGSEGV, "nasty_segfault"),
    "null_call": (None, signal.SIGSEGV, "SIGSEGV"),
    "stack_overflow": (None, signal.SIGSEGV, "nasty_deeper"),
    "abort": (None, signal.SIGABRT, "nasty_abort"),
    "exit_0": (0, None, "exit code 0"),
    "exit_3": (3, None, "exit code 3"),
    "_exit": (4, None, "exit code 4"),
    "pthread_exit": (0, None, "exit code 0"),
    "kill_self": (None, signal.SIGKILL, "SIGKILL"),
    "kill_group": (None, signal.SIGKILL, "SIGKILL"),
}


@pytest.mark.parametrize("how", ENDS)
def test_a_death_is_recorded_with_its_cause(db, plain, module, how):
    exit_code, exit_signal, word = ENDS[how]
    plain.enqueue("NastyJob", f"how={how}")
    plain.drain("--max-processes", 1)
    row = db.one("jobresult")
    assert (row.status, row.exit_code, row.exit_signal) == ("LOST", exit_code, exit_signal)
    assert row.crash_count == 1 and row.error_type == "Lost"
    assert word in row.error, row.error
    assert row.started_at <= row.ended_at


def test_a_job_that_loops_can_be_killed(db, plain, module, start_worker):
    plain.enqueue("NastyJob", "how=loop")
    worker = start_worker("--max-processes", 2)
    pid_file = plain.folder / "loop.pid"
    pid = int(wait_until(lambda: pid_file.exists() and pid_file.read_text().strip(), "the loop"))
    assert pid in worker.runners()
    os.kill(pid, signal.SIGTERM)
    (row,) = db.await_results(1)
    assert (row.status, row.exit_signal, row.runner_pid) == ("LOST", signal.SIGTERM, pid)
    worker.stop()


@pytest.mark.parametrize("how", ["close_all", "take_descriptors", "take_output", "much_output",
                                 "hold_a_stream"])
def test_an_odd_job_harms_nobody(db, plain, module, how):
    plain.enqueue("NastyJob", f"how={how}")
    plain.enqueue("TraceJob")
    plain.drain("--max-processes", 1)
    assert db.statuses("TraceJob") == ["SUCCESSFUL"]
    assert db.statuses("NastyJob") in (["SUCCESSFUL"], ["LOST"])
    assert_sound(db)


def enqueue_failing(plain, *hows):
    lines = [json.dumps({"params": {"how": how, "fails": True}}) for how in hows]
    (plain.folder / "jobs.jsonl").write_text("\n".join(lines))
    plain.enqueue("NastyJob", "--from", "jobs.jsonl")


@on_one_store
def test_a_failure_stays_one_though_its_runner_dies_at_once(db, plain, module, start_worker):
    """The next job kills it before the worker has read of the failure, with others handed out: more
    than it has read (64 KiB), so that its end resets the channel."""
    plain.env.update({"PLAIN_JOBS_START_AHEAD_MS": "1000", "PLAIN_JOBS_WORKER_STATS_EVERY": "50ms"})
    enqueue_failing(plain, *["unknown"] * 50)
    worker = start_worker("--max-processes", 1)
    db.await_results(50)
    (runner,) = worker.runners()
    os.kill(runner, signal.SIGSTOP)  # until all are handed out
    enqueue_failing(plain, "stop_worker", "kill_self", *["unknown" + "." * 8000] * 20)
    wait_until(lambda: worker.events("Job worker stats")[-1]["jobs_running"] == 22, "the hand-out")
    os.kill(runner, signal.SIGCONT)
    wait_until(lambda: stat_fields(worker.pid)[0] == "T" and not worker.runners(), "its end")
    os.kill(worker.pid, signal.SIGCONT)
    db.await_results(72)
    worker.stop()
    assert collections.Counter(db.statuses()) == {"ERRORED": 71, "LOST": 1}
    assert_sound(db)


@on_one_store
def test_a_failure_stays_one_though_it_closed_the_channel(db, plain, module):
    """It ends before the worker can kill it, or is killed: never a success."""
    enqueue_failing(plain, *["unknown", "close_all"] * sized(20, 200))
    plain.drain("--max-processes", 1)
    assert len(db.results()) == sized(40, 400)
    assert set(db.statuses()) <= {"ERRORED", "LOST"}
    assert_sound(db)


@on_sqlite
def test_a_burst_of_large_jobs_behind_small_ones_reaches_its_runner(db, plain, module):
    """More than a channel holds (64 MiB), although so many jobs would not be too many."""
    plain.program = release_path()
    plain.enqueue("NoopJob", "--count", 400)
    load = "printf('%.*c', 1000000, 'x')"
    db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 70) "
               "INSERT INTO plainjobs_jobrequest (job_class, parameters) SELECT 'NastyJob', "
               f"json_object('args', json_array(), 'kwargs', json_object('how', 'nothing', 'load', {load})) "
               "FROM n")
    plain.drain("--max-processes", 1)
    assert collections.Counter(db.statuses()) == {"SUCCESSFUL": 470}


@on_one_store
def test_a_forked_child_that_returns_is_not_the_runner(db, plain, module):
    plain.enqueue("NastyJob", "how=fork", "--retries", 1)
    plain.enqueue("TraceJob", "--count", 20)
    plain.drain("--max-processes", 1)
    assert db.statuses("NastyJob") == ["SUCCESSFUL"]
    assert db.statuses("TraceJob") == ["SUCCESSFUL"] * 20
    assert_sound(db, trace=plain.folder / "trace.log")


@on_one_store
def test_the_crash_of_a_forked_child_is_not_the_runner_s(db, plain, module):
    plain.enqueue("NastyJob", "how=fork_crash")
    plain.drain("--max-processes", 1)
    plain.enqueue("NastyJob", "how=fork_crash")
    plain.enqueue("NastyJob", "how=kill_self")
    plain.drain("--max-processes", 1)
    last = db.results()[-1]
    assert db.statuses() == ["SUCCESSFUL", "SUCCESSFUL", "LOST"]
    assert "SIGKILL" in last.error and "nasty" not in last.error, last.error


@on_one_store
def test_a_runner_that_hangs_when_it_ends_is_killed(db, plain, module, start_worker):
    """Each job's runner is replaced, and there are two places."""
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "0.2"
    plain.enqueue("NastyJob", "how=nothing")
    plain.enqueue("NastyJob", "how=hang_at_exit", "--count", 4)
    worker = start_worker("--max-processes", 1, "--max-jobs-per-process", 1)
    good, *hanging = db.await_results(5)
    assert {row.status for row in [good, *hanging]} == {"SUCCESSFUL"}
    killed = {record["pid"]: record["reason"] for record in worker.events("Runner killed")}
    assert set(killed.values()) == {"it had no job and did not end"}
    assert good.runner_pid not in killed
    worker.kill()  # a stop would wait for the last one, too


@on_one_store
def test_a_job_that_left_its_group_is_stopped(db, plain, module, start_worker):
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "0.2"
    plain.enqueue("NastyJob", "how=leave_group", "--timeout", 1)
    worker = start_worker("--max-processes", 1)
    (row,) = db.await_results(1)
    assert (row.status, row.exit_signal) == ("LOST", signal.SIGKILL)
    worker.stop()


@on_one_store
@pytest.mark.parametrize("how", ["close_stdout", "change_folder"])
def test_what_a_job_changes_does_not_reach_the_next_executable(db, plain, module, how):
    plain.add_executable("here", f'#!/bin/sh\n[ "$(pwd)" = "{plain.folder}" ] && cat\n')
    plain.enqueue("NastyJob", f"how={how}")
    plain.enqueue("here", "a=1")
    plain.drain("--max-processes", 1)
    assert db.statuses("NastyJob") == ["SUCCESSFUL"]
    row = db.results("here")[0]
    assert row.status == "SUCCESSFUL", row.error


@on_one_store
def test_a_runner_whose_output_a_job_took_is_replaced(db, plain, module):
    plain.enqueue("NastyJob", "how=take_output")
    plain.enqueue("TraceJob")
    plain.drain("--max-processes", 1)
    assert db.statuses() == ["SUCCESSFUL"] * 2
    assert len({row.runner_pid for row in db.results()}) == 2


def test_neighbours_are_untouched(db, plain, module, start_worker):
    good = []
    nasty = [how for how in ENDS] + ["close_all", "take_descriptors", "take_output", "much_output"]
    for how in nasty:
        plain.enqueue("NastyJob", f"how={how}")
        good += plain.enqueue("TraceJob", "ms=1", "--count", GOOD // len(nasty) + 1)
    worker = start_worker("--drain", "--max-processes", 4)
    worker.wait(seconds=120)
    results = db.results("TraceJob")
    assert sorted(row.job_request_uuid for row in results) == sorted(good)
    assert {(row.status, row.retry_attempt) for row in results} == {("SUCCESSFUL", 0)}
    assert len(db.results("NastyJob")) == len(nasty)
    started = [line for line in (plain.folder / "trace.log").read_text().splitlines()
               if line[0] == "S"]
    assert len(started) == len(good)
    assert_sound(db, trace=plain.folder / "trace.log")
