"""An idle worker and runner of the release build are small; measured in `make stress`."""
import pathlib
import re
import time

from marks import only_at_full_size
from program import Plain, release_path
from workers import Worker

LIMIT_KB = 10 * 1024


def pss_kb(pid):
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss: +(\d+) kB", text, re.M)[1])


@only_at_full_size("memory is measured")
def test_worker_and_runner_are_under_ten_megabytes_each(db, plain, module):
    released = Plain(plain.folder, db.url, program=release_path())
    released.enqueue("NoopJob", "--count", 1000)
    worker = Worker(released, "--max-processes", 2)
    try:
        db.await_results(1000)
        time.sleep(1)
        sizes = {"worker": pss_kb(worker.pid)}
        sizes.update({f"runner {pid}": pss_kb(pid) for pid in worker.runners()})
        worker.stop()
    finally:
        worker.kill()
    print(db.kind, sizes)
    assert len(sizes) == 3
    assert max(sizes.values()) < LIMIT_KB, sizes
