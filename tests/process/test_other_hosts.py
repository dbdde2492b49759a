"""Workers on several hosts: nothing but the database tells that one is gone."""
import statistics
import time

import pytest

from marks import on_postgres
from other_host import OtherHost
from program import release_path, sized
from test_rescue import LEASE_S, LONG, SHORT, kill_all, worker_files
from verify import assert_sound
from workers import Worker, wait_until

pytestmark = on_postgres


@pytest.fixture
def start_elsewhere(plain):
    """start_elsewhere(name) gives a worker on a host of that name."""
    started = []

    def start(name, *options):
        started.append(Worker(OtherHost(plain, name), *options))
        return started[-1]
    yield start
    for worker in started:
        worker.kill()


def test_the_jobs_of_a_lost_host_run_again_after_its_lease(db, plain, module, start_worker,
                                                           start_elsewhere):
    """Long before a rescuer's own lease would be over; those of a host that lives are left alone."""
    plain.add_executable("steady", "#!/bin/sh\nwhile [ ! -e go ]; do sleep 0.05; done\n"
                                   "echo E >>steady.log\n")
    plain.env.update(LONG)
    other = start_elsewhere("alive", "--max-processes", 1)
    other.await_event("Worker registered")
    (steady,) = plain.enqueue("steady")
    wait_until(lambda: db.count("jobprocess"), "its job")
    here = start_worker("--max-processes", 1)
    here.await_event("Worker registered")
    plain.env.update(SHORT)
    uuids, waits, slow = [steady], [], plain.folder / "slow.log"
    for n in range(sized(2, 20)):
        lost = start_elsewhere(f"lost-{n}", "--max-processes", 1, "--queue", f"q{n}")
        uuids += plain.enqueue("FirstSlowJob", "--retries", 1, "--queue", f"q{n}")
        wait_until(lambda: slow.exists() and slow.read_text().count("S") > n, "the job to run")
        assert len(worker_files(plain)) == 1  # the one of `here`
        kill_all(lost)
        died = time.monotonic()
        row = db.await_results(n + 1, "FirstSlowJob")[-1]
        waits.append(time.monotonic() - died)
        assert (row.status, row.lost_count, row.worker_host) == ("LOST", 1, f"lost-{n}")
        assert "lost its lease; the job may not have started" in row.error_message
    print(f"\nfrom death to LOST with a lease of {LEASE_S} s: {sorted(waits)}")
    assert max(waits) < LEASE_S + 20, waits
    here.stop()
    plain.drain("--queue", "q*", env=LONG)
    (plain.folder / "go").touch()
    db.await_results(len(uuids) + len(waits), seconds=60)
    other.stop()
    assert db.statuses("steady") == ["SUCCESSFUL"]
    assert (plain.folder / "steady.log").read_text() == "E\n"
    assert db.statuses("FirstSlowJob").count("SUCCESSFUL") == len(waits)
    assert db.rows("workerheartbeat") == []
    assert_sound(db, uuids)


def test_a_job_on_another_host_is_cancelled_at_once(db, plain, gate, start_elsewhere):
    """Long before that host's next heartbeat: within a second and what a command takes here."""
    plain.env.update(PLAIN_JOBS_HEARTBEAT_INTERVAL="120", PLAIN_JOBS_HEARTBEAT_TIMEOUT="400")
    waits, usual = [], []
    for n in range(sized(3, 20)):
        worker = start_elsewhere(f"far-{n}", "--max-processes", 1)
        (uuid,) = plain.enqueue("gate")
        gate.await_jobs(n + 1)
        began = time.monotonic()
        plain("jobs", "stats")
        usual.append(time.monotonic() - began)
        plain("jobs", "cancel", uuid)
        began = time.monotonic()
        db.await_results(n + 1)
        waits.append(time.monotonic() - began)
        worker.stop()
    print(f"\ncancelled on another host: {sorted(waits)}")
    assert db.statuses() == ["CANCELLED"] * len(waits)
    assert statistics.median(waits) < 1 + 3 * statistics.median(usual), (waits, usual)


def test_ages_are_by_the_clock_of_the_database(db, plain, module, build_module):
    """Seen from a host whose own clock is an hour ahead."""
    clock = build_module("clock_ahead.c", CPPFLAGS="-D_GNU_SOURCE")
    uuid, = plain.enqueue("NoopJob")
    plain.program = release_path()  # sanitizers want to be loaded first
    ahead = {"LD_PRELOAD": str(clock)}
    listed = plain("jobs", "requests", env=ahead)
    assert "NoopJob" in listed.stdout and " h " not in listed.stdout
    assert " h " not in plain("jobs", "show", uuid, env=ahead).stdout
