"""An idle worker and runner of the release build are small; measured in `make stress`."""
import pathlib
import re
import time

from marks import only_at_full_size
from program import Plain, release_path
from workers import Worker

WORKER_LIMIT_KB, RUNNER_LIMIT_KB = 8 * 1024, 6 * 1024


def pss_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1])


@only_at_full_size("memory is measured")
def test_a_worker_is_below_eight_megabytes_and_a_runner_below_six(db, plain, module):
    released = Plain(plain.folder, db.url, program=release_path())
    released.enqueue("NoopJob", "--count", 1000)
    worker = Worker(released, "--max-processes", 2)
    try:
        db.await_results(1000)
        time.sleep(1)
        own, runners = pss_kb(worker.pid), [pss_kb(pid) for pid in worker.runners()]
        worker.stop()
    finally:
        worker.kill()
    print(f"\n{db.kind}: worker {own} kB, runners {runners} kB")
    assert len(runners) == 2
    assert own < WORKER_LIMIT_KB and max(runners) < RUNNER_LIMIT_KB
