"""Workers on several hosts: nothing but the database tells that one is gone."""
import time

import pytest

from marks import on_postgres
from other_host import OtherHost
from program import sized
from test_rescue import LEASE_S, SHORT, kill_all, worker_files
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
    """At the latest two seconds later; those of a host that lives are left alone."""
    plain.env.update(SHORT)
    other = start_elsewhere("alive", "--max-processes", 1)
    other.await_event("Worker registered")
    (steady,) = plain.enqueue("TraceJob", f"ms={sized(5000, 60000)}")
    wait_until(lambda: db.count("jobprocess"), "its job")
    here = start_worker("--max-processes", 1)
    here.await_event("Worker registered")
    uuids, waits, slow = [steady], [], plain.folder / "slow.log"
    for n in range(sized(2, 20)):
        lost = start_elsewhere(f"lost-{n}", "--max-processes", 1, "--queue", f"q{n}")
        uuids += plain.enqueue("FirstSlowJob", "--retries", 1, "--queue", f"q{n}")
        wait_until(lambda: slow.exists() and slow.read_text().count("S") > n, "the job to run")
        assert len(worker_files(plain)) == 1  # the one of `here`
        kill_all(lost)
        died = time.monotonic()
        row = db.await_results(n + 1, seconds=20)[-1]
        waits.append(time.monotonic() - died)
        assert (row.status, row.lost_count, row.worker_host) == ("LOST", 1, f"lost-{n}")
        assert "lost its lease; the job may not have started" in row.error_message
    print(f"\nfrom death to LOST with a lease of {LEASE_S} s: {sorted(waits)}")
    assert max(waits) < LEASE_S + 2, waits
    here.stop()
    plain.drain("--queue", "q*")
    db.await_results(len(uuids) + len(waits), seconds=60)
    other.stop()
    assert db.statuses("TraceJob") == ["SUCCESSFUL"]
    assert db.statuses("FirstSlowJob").count("SUCCESSFUL") == len(waits)
    assert db.rows("workerheartbeat") == []
    assert_sound(db, uuids, plain.folder / "trace.log")
