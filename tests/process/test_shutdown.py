"""Signals to a worker in the middle of its work: nothing is lost, nothing is CANCELLED."""
import os
import signal
import time

import pytest

from marks import in_turn, on_one_store
from program import sized
from verify import assert_sound
from workers import STOP_S, living_in, wait_until

pytestmark = in_turn

JOBS = sized(120, 200)


def trace_lines(plain, what):
    path = plain.folder / "trace.log"
    return [line.split() for line in path.read_text().splitlines()
            if line[0] == what] if path.exists() else []


def start_in_the_middle(plain, start_worker, *options):
    """A worker with some jobs of 0.3 s running and most unstarted."""
    uuids = plain.enqueue("TraceJob", "ms=300", "--count", JOBS, *options)
    worker = start_worker("--max-processes", 4)
    wait_until(lambda: len(trace_lines(plain, "S")) >= 6, "jobs to run")
    return worker, uuids


def assert_nothing_lost(db, plain, uuids):
    """All that were not run are back, as they were: the same uuid, no attempt used."""
    assert_sound(db, uuids, plain.folder / "trace.log")
    ended = db.results()
    back = db.rows("jobrequest")
    assert {row.status for row in ended} == {"SUCCESSFUL"}
    assert {row.job_request_uuid for row in ended} | {row.uuid for row in back} == set(uuids)
    assert {row.retry_attempt for row in back} <= {0}
    assert len(back) > JOBS / 2


def drain_the_rest(db, plain, uuids):
    plain.drain("--max-processes", 8, timeout=120)
    assert len(db.results()) == len(uuids) and db.count("jobrequest") == 0
    assert_sound(db, uuids, plain.folder / "trace.log")


@pytest.fixture
def hang_up():
    """Where nobody ignores it, as nohup does."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield signal.SIGHUP
    signal.signal(signal.SIGHUP, before)


@on_one_store
def test_a_closed_terminal_stops_gracefully(db, plain, start_worker, hang_up):
    plain.add_executable("short", "#!/bin/sh\ntouch began\nsleep 1\n")
    plain.enqueue("short")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "began").exists(), "the job")
    worker.stop(hang_up)
    assert db.statuses() == ["SUCCESSFUL"]


@on_one_store
def test_a_retry_keeps_its_delay_when_its_worker_ends(db, plain, start_worker):
    """Though its runner has ended with it: another one is asked how long it is, not behind a job
    that still runs."""
    (plain.folder / "plain.conf").write_text('job slow { retries = 1 retry_delay = "10m" }\n')
    plain.add_executable("slow", "#!/bin/sh\ntouch began\nsleep 1.5\nkill -9 $PPID\n")
    plain.add_executable("long", "#!/bin/sh\ntouch runs\nwhile [ ! -e go ]; do sleep 0.1; done\n")
    plain.enqueue("slow")
    plain.enqueue("long")
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: (plain.folder / "began").exists() and (plain.folder / "runs").exists(), "the jobs")
    worker.send(signal.SIGTERM)
    assert db.await_results(1, "slow")[0].status == "LOST"
    (plain.folder / "go").touch()
    worker.wait()
    row = db.one("jobrequest")
    assert 590 < row.start_at - row.created_at < 620


HANGS = """#include <stdlib.h>
#include <unistd.h>
#include <plain/jobs.h>
__attribute__((constructor)) static void hang(void)
{
    while (access("hang", F_OK) == 0)
        (void)usleep(10000);
}
static int run(plain_job *job, const void *params)
{
    (void)job, (void)params;
    (void)close(creat("began", 0600));
    while (access("hang", F_OK) != 0)
        (void)usleep(10000);
    abort();
}
static int64_t delay(const plain_job_class *self, const void *params, int attempt)
{
    return (void)self, (void)params, (void)attempt, 600000;
}
static const plain_job_class HangJob = {
    PLAIN_JOB_CLASS_EMPTY, .name = "HangJob", .default_retries = 1, .run = run,
    .calculate_retry_delay = delay};
PLAIN_REGISTER_JOBS(&HangJob);
"""


@on_one_store
def test_who_cannot_be_asked_for_a_delay_keeps_no_worker(db, plain, start_worker):
    """The runner that is started for it hangs while it loads."""
    (plain.folder / "app").mkdir()
    (plain.folder / "app/jobs.c").write_text(HANGS.replace("#include <unistd", "#include <fcntl.h>\n#include <unistd"))
    plain("build")
    plain.env["PLAIN_JOBS_STOP_GRACE"] = "300ms"
    plain.enqueue("HangJob")
    worker = start_worker("--max-processes", 1)
    wait_until(lambda: (plain.folder / "began").exists(), "the job")
    worker.send(signal.SIGTERM)
    worker.await_event("Job worker shutdown requested")
    (plain.folder / "hang").touch()
    worker.wait()
    assert db.statuses() == ["LOST"] and db.count("jobrequest") == 1
    assert len(worker.events("Runner killed")) == 1, "one was tried, not each that there may be"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_gracefully(db, plain, module, start_worker, number):
    worker, uuids = start_in_the_middle(plain, start_worker)
    worker.stop(number)
    assert len(trace_lines(plain, "S")) == len(trace_lines(plain, "E")) == len(db.results())
    assert_nothing_lost(db, plain, uuids)
    assert worker.events("Job worker shutdown complete")
    if number == signal.SIGTERM:
        drain_the_rest(db, plain, uuids)


def test_a_signal_to_the_whole_group_stops_gracefully(db, plain, module, start_worker):
    """As a terminal or a service manager does: runners are in groups of their own."""
    worker, uuids = start_in_the_middle(plain, start_worker)
    worker.send_to_group(signal.SIGTERM)
    worker.wait()
    assert len(trace_lines(plain, "S")) == len(trace_lines(plain, "E"))
    assert_nothing_lost(db, plain, uuids)


def test_a_second_signal_puts_running_jobs_back(db, plain, module, start_worker):
    """Those that may run twice go back without using an attempt."""
    uuids = plain.enqueue("TraceJob", "ms=60000", "--count", 20, "--retries", 1)
    worker = start_worker("--max-processes", 4)
    wait_until(lambda: len(trace_lines(plain, "S")) == 4, "jobs to run")
    worker.send(signal.SIGTERM)
    worker.await_event("Job worker shutdown requested")
    worker.send(signal.SIGTERM)
    worker.wait()
    assert sorted(row.uuid for row in db.rows("jobrequest")) == sorted(uuids)
    assert {row.retry_attempt for row in db.rows("jobrequest")} == {0}
    assert db.results() == []
    assert_sound(db, uuids)


def test_a_second_signal_loses_only_what_may_not_run_twice(db, plain, module, start_worker):
    uuids = plain.enqueue("TraceJob", "ms=60000", "--count", 20)
    worker = start_worker("--max-processes", 4)
    wait_until(lambda: len(trace_lines(plain, "S")) == 4, "jobs to run")
    started = {request for _, request, *_ in trace_lines(plain, "S")}
    for n in range(1, 6):
        worker.send(signal.SIGTERM)
        wait_until(lambda: worker.process.poll() is not None or n <= len(
            worker.events("Job worker shutdown signal received")), "the signal to be received")
    worker.wait()
    assert {row.job_request_uuid for row in db.results()} == started
    assert db.statuses() == ["LOST"] * 4
    assert all(row.error_message.endswith(": its worker was stopped") for row in db.results())
    assert {row.uuid for row in db.rows("jobrequest")} == set(uuids) - started
    assert_sound(db, uuids)


def test_an_idle_worker_stops_at_once(db, plain, module, start_worker):
    worker = start_worker("--max-processes", 2)
    wait_until(lambda: len(worker.runners()) == 2, "two runners")
    began = time.monotonic()
    worker.stop()
    assert time.monotonic() - began < 10


def test_a_signal_while_it_starts_stops_it(db, plain, module, start_worker):
    for delay in (0.01, 0.05, 0.1, 0.2):
        worker = start_worker("--max-processes", 2)
        time.sleep(delay)
        worker.send(signal.SIGTERM)
        ended = worker.process.wait(STOP_S)
        assert ended in (0, -signal.SIGTERM), worker.text()
    assert_sound(db, [])


def test_runners_end_with_their_worker(db, plain, module, start_worker):
    """No descendant of a killed worker lives on."""
    plain.enqueue("TraceJob", "ms=60000", "--count", 4)
    plain.add_executable("sleeper", "#!/bin/sh\nexec sleep 60\n")
    plain.enqueue("sleeper", "--count", 2)
    worker = start_worker("--max-processes", 6)
    wait_until(lambda: len(trace_lines(plain, "S")) == 4 and len(living_in(plain.folder)) >= 9,
               "all jobs to run")
    os.kill(worker.pid, signal.SIGKILL)
    worker.process.wait()
    wait_until(lambda: not living_in(plain.folder), "the end of all runners", seconds=10)


@on_one_store
def test_a_worker_without_classes_drains_and_says_so(db, plain, start_worker):
    worker = start_worker("--drain", "--max-processes", 1)
    worker.wait()
    assert "jobs.d" in worker.events("No job classes")[0]["fix"]


def test_an_unclaimed_job_is_not_touched_by_a_worker_without_its_class(db, plain, module,
                                                                       start_worker):
    (uuid,) = plain.enqueue("NobodysJob", "--unregistered")
    worker = start_worker("--drain")
    worker.wait()
    assert [row.uuid for row in db.rows("jobrequest")] == [uuid]
