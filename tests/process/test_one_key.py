"""At most one job of a class and key is pending or processing, whoever tries."""
import concurrent.futures
import subprocess

from program import clean_environment, sized
from verify import assert_sound

THREADS = 16
ROUNDS = sized(12, 100)


def test_sixteen_threads_on_one_handle(db, plain, build_c):
    program = build_c("one_key.c")
    done = subprocess.run([program, db.url, str(THREADS), str(ROUNDS)], capture_output=True,
                          text=True, timeout=300, env=clean_environment(plain.folder))
    assert done.returncode == 0, done.stderr
    outcomes = [tuple(map(int, line.split())) for line in done.stdout.splitlines()]
    assert outcomes == [(1, THREADS - 1, 0)] * ROUNDS, done.stderr
    assert db.count("jobrequest") == db.count("jobkey") == ROUNDS
    assert_sound(db)


def test_eight_processes(db, plain, module):
    def attempt(_):
        return plain.run("jobs", "enqueue", "NoopJob", "--key", "one")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(attempt, range(8)))
    assert sorted(done.code for done in outcomes) == [0] + [6] * 7, outcomes
    winner = next(done.line for done in outcomes if done.code == 0)
    for done in outcomes:
        if done.code == 6:
            assert done.pj == 501 and winner in done.stderr and done.stdout == ""
    assert db.count("jobrequest") == 1


def test_the_holder_is_named_with_its_state_and_age(db, plain, module, gate, start_worker):
    (uuid,) = plain.enqueue("gate", "--key", "k")
    skipped = plain.run("--json", "jobs", "enqueue", "gate", "--key", "k")
    assert skipped.code == 6
    assert f'"holder":"{uuid}"' in skipped.stdout and '"state":"pending"' in skipped.stdout
    worker = start_worker()
    gate.await_jobs()
    skipped = plain.run("--json", "jobs", "enqueue", "gate", "--key", "k")
    assert f'"holder":"{uuid}"' in skipped.stdout and '"state":"processing"' in skipped.stdout
    plain.enqueue("gate", "--key", "another")
    plain.enqueue("NoopJob", "--key", "k")
    gate.open()
    worker.stop()
    plain.enqueue("gate", "--key", "k")
    assert_sound(db)


def test_never_two_at_once_while_a_worker_runs_them(db, plain, module, start_worker):
    """Enqueued over and over while they run: the traces of one key never overlap."""
    worker = start_worker("--max-processes", 4)

    def keep_enqueueing(_):
        made = []
        for _ in range(sized(6, 100)):
            done = plain.run("jobs", "enqueue", "TraceJob", "ms=20", "--key", "one")
            assert done.code in (0, 6), done
            made += done.lines
        return made
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        made = [uuid for uuids in pool.map(keep_enqueueing, range(4)) for uuid in uuids]
    worker.stop()
    plain.drain()
    assert_sound(db, made, plain.folder / "trace.log")
    running = 0
    for line in (plain.folder / "trace.log").read_text().splitlines():
        running += 1 if line[0] == "S" else -1
        assert running in (0, 1)
    assert made
